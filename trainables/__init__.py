"""What one trial trains: torch only, usable without the orchestrator. Import what you need from its modules."""
