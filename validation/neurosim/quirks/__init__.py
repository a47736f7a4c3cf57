"""DNN+NeuroSim V2.1: what it says instead of our figures, out of our own blocks' parts.

Written from the published description of the models and from the tool's figures. Each correction
takes our figure and undoes slips that a table of quirks names: where one is a factor or a term of a
sum, by what the tool has in its place over what is right; where it is a device or a load, by our
own block drawn with the tool's. So a block that is wrong shows, whatever its quirks. A file holds
one family of circuits, its corrections and its quirks; ``tool`` puts them together.
"""
