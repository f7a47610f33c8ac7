"""What is computed: pure machines in ``core``, carried by Faust in thin shells."""
