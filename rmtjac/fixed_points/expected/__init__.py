"""The expected number of fixed points: result, methods, public function."""
