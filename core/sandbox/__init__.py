"""Processes that read untrusted files: what they give up, and the frames that go over their pipes."""
