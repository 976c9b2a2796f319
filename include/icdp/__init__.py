"""ICDP: the index of intelligent-computing development potential of China's 31 provinces.

A plain library: it imports no Airflow (``icdp.assets`` excepted) and is usable
without a scheduler, a warehouse or a network.
"""

__version__ = "0.1.0"
