"""The lock: asks the hubs what they have, keeps the answers, and says what moved since."""
