"""What each customer of a queue waits, by ciw, an independent simulation of queues.

Reads {"servers": ..., "gaps": [...], "services": [...]} from stdin: how long after the one before each customer comes,
and how long each is served. Prints the waits as JSON, in the order of coming.
"""

import json
import math
import sys

import ciw

queue = json.load(sys.stdin)
network = ciw.create_network(
    arrival_distributions=[ciw.dists.Sequential(queue["gaps"] + [math.inf])],
    service_distributions=[ciw.dists.Sequential(queue["services"])],
    number_of_servers=[queue["servers"]],
)
simulation = ciw.Simulation(network)
simulation.simulate_until_max_customers(len(queue["gaps"]))
records = sorted(simulation.get_all_records(), key=lambda record: record.id_number)
print(json.dumps([round(record.waiting_time) for record in records]))
