"""What students get back, in the form that each service takes it. Nothing is sent that was not asked for."""
