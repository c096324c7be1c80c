"""The verbs: one function each, called by the command line, the API and Python alike.

Each lies in the module of its name, so that a verb loads only what it needs; `segue` itself gives
them all (`segue.preprocess`, `segue.train`, ...).
"""
