"""The Redshift cluster: creates it with its role and network, shows what it costs, and removes all of it.

    cli           the commands: parse, call, print
    commands      create, status, pause, resume, delete: each flow on one screen
    plan          what is asked for, checked before anything is sent
    provisioned, serverless, role, network
                  one kind of resource each: find, make, remove
    policy        the documents that say what the role may do, and who may assume it
    pricing       what it costs per hour
    config_file   writes the address back to dwh.cfg
    aws           the one way to AWS: shows, sends and retries calls; aws_errors explains what AWS refuses

Everything that is created carries the tags of plan.Plan, and is found by them again.
"""
