"""Resources that several parts of the stack use: functions, storage, queues, network, keys and permissions."""
