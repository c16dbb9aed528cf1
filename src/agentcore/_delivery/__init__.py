"""Delivery: how events reach providers that must neither slow an agent nor miss one."""
