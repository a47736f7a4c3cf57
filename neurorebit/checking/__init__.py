"""Hold any block's action, or a macro, against records of a circuit simulator, silicon or a tool.

``records`` reads the files, ``blocks`` builds the block that a record names, ``compare`` holds our
figures against the record's, ``report`` writes the outcome. A record names blocks by their class
and fields; nothing here lists blocks.
"""
