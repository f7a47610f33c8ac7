"""What is computed: pure state machines over event time. No clock, no I/O, no Faust."""
