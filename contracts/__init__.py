"""What travels between processes: the Kafka topics and the codec of every message."""
