"""The Redshift cluster: has CloudFormation create it, shows what it costs, and deletes all of it.

    warehouse.yaml  the template: role, network, work bucket, cluster or workgroup
    commands        create, switch (pause and resume), delete: each flow on one screen
    found           what is there of this project, and what it costs
    plan, places    what is asked for, as the template's parameters, checked before anything is sent
    stack           what would change, the change itself, and its end
    compute         the cluster or workgroup as it is now
    network         the default VPC, and the one address that is let in
    pricing         what it costs per hour
    waiting         waits, and tells who stops what goes on
    aws             the one way to AWS; aws_errors explains what AWS refuses

The stack and all that is in it carry the tags of plan.Plan, and are found by them again.
"""
