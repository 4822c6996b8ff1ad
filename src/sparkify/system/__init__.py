"""What the machine does to a process: signals, full disks, and files that replace others."""
