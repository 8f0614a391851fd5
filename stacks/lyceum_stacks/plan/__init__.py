"""What an institution of a given size needs: machines, disks, money and people's time, each figure with its source.

from lyceum_stacks.plan import planner
from lyceum_stacks.plan.question import Question

plan = planner.plan(Question(weekly_users=20_000))
plan.groups["compute"].count, plan.groups["compute"].bottleneck, plan.monthly
"""
