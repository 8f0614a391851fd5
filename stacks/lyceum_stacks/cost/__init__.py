"""What a stack will cost: from the resources of a program or a preview to a report of every line.

    from lyceum_stacks.cost import estimate
    from lyceum_stacks.cost.usage import Usage

    report = estimate.estimate(resources, Usage(hours=Decimal(200)))
    report.total        # Decimal, in report.currency

`resources` come from `lyceum_stacks.offline.run`, from `preview.read`, or are made by hand
(`resources.Resource`). Money is `Decimal` throughout.
"""
