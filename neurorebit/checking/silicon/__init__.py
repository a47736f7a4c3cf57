"""Macros held against silicon: records of published macros, and what our structures say of them.

``record`` and ``reader`` are the files, ``supply`` builds technologies at a point, ``measured``
brings figures of any form to energy per operation, operations per second and area, ``ours`` says
what a structure gives, ``constant`` fits the one constant, ``outcome`` holds the two against each
other, ``text`` and ``picture`` show it.
"""
