"""What comes in: packets from MQTT (gateway) or TCP (relay), and the roll call."""
