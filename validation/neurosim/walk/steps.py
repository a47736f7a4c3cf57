"""The corrections between DNN+NeuroSim V2.1's chip and ours, in the order of the walk."""

from __future__ import annotations

from validation.neurosim.walk.change import Step

STEPS = {
    "junctions": Step(
        "drains have the capacitance of their full reverse bias, the least of the swing",
        "the mean over the swing, which is what it charges",
    ),
    "vectors": Step(
        "every vector of the trace by itself; a layer waits for the array that sees most ones",
        "the mean of each bit plane, which is what an activity says",
    ),
    "sub-arrays": Step(
        "sub-arrays with the slips of module SubArray; backward with the forward columns' currents",
        "ours, at the same ones and column currents",
    ),
    "columns": Step(
        "rows and columns that hold nothing are driven and read; access transistors of 15 kohm, "
        "wires of rows and columns exchanged; backward currents of the forward columns",
        "only what is used; the access transistor as drawn; currents of the lines that are sensed",
    ),
    "references": Step(
        "no reference: weights are offset, and nothing subtracts the offset",
        "a line of cells at mid range for each converter gives weights their signs",
    ),
    "copies": Step(
        "copies of a layer share vectors as fractions",
        "a copy takes whole vectors, so that some wait in the last round",
    ),
    "additions": Step(
        "all trees of PEs, tiles and chip add in full at every conversion, an odd operand is "
        "dropped, every bit toggles as in the worst case; they fill whole rows, and add after the "
        "arrays",
        "an addition for each partial sum that is needed, of random operands and with the glitches "
        "of the carry, while the next conversion is under way",
    ),
    "registers": Step(
        "numbers of rows and of vectors have changed places in the PEs' registers, whole banks are "
        "clocked, fill whole rows, and take their time after the arrays",
        "each bit is stored once, half of them change, and conversions go on meanwhile",
    ),
    "outlines": Step(
        "buses as long as sub-arrays drawn with all the room they leave empty, in a row with the "
        "arrays",
        "as long as a square PE of the same area, and beside the arrays",
    ),
    "repeaters": Step(
        "inverters resist like both transistors in series; the search for repeaters stops a step "
        "late; one design for all wires",
        "an edge goes through one transistor; the cheapest repeaters that are fast enough, for "
        "each kind of wire",
    ),
    "paths": Step(
        "an H-tree's trunk grows with the logarithm of its grid; in time the path is twice that in "
        "energy, and a flit goes all of it before the next one starts",
        "a trunk of half the grid's width; one path for both, and a flit follows the other",
    ),
    "traffic": Step(
        "bits are counted otherwise on each wire: pixels over the root of the kernel's positions, "
        "results without what they grow by; backward as forward",
        "what enters a layer and the partial sums that leave it, on every wire they take; backward "
        "errors of the outputs in, partial sums of the inputs out",
    ),
    "buffers": Step(
        "tile buffers in as many cores as whole-matrix tiles have; in training everything goes "
        "through the global buffer twice, and waits for it in turns",
        "each kind of tile its own cores; the global buffer reads inputs and stores results once",
    ),
    "functions": Step(
        "a register a column for the rectifier, pooling units for one map at a time",
        "vector lanes that round, rectify and pool all maps",
    ),
    "memory": Step(
        "DRAM moves a map of one channel, in and out, in every phase",
        "all channels: inputs and results forward; errors and results backward",
    ),
    "control": Step("no control", "a sequencer a tile"),
    "streams": Step(
        "arrays, buffers, trees, functions and DRAM take their time one after the other",
        "they overlap: a layer takes the time of the slowest, and an image its share of a fill",
    ),
    "tracks": Step(
        "H-trees take the area of their tracks, which widen at each level",
        "wires lie above what they cross; repeaters take area",
    ),
    "gradients": Step(
        "arrays of the gradient unit that would not be full are left out; an adder for each weight "
        "of the arrays that are written at once",
        "as many arrays as hold the largest layer; adders as many as sums that the unit gives",
    ),
    "training": Step(
        "a chip for inference has no transposed blocks and no gradient unit",
        "our chip can always learn",
    ),
    "floorplan": Step(
        "PE and tile sides by the columns alone; the smallest are never tried",
        "the sides that use cells best",
    ),
}
