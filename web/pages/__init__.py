"""The pages: NiceGUI elements over the same sources as the interface. Every text reaches the browser as text."""
