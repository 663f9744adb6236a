"""What several parts of the stack are made of: functions, storage, queues, the network, keys and rights."""
