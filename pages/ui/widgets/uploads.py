"""Uploads in Streamlit's memory."""

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile


def release(upload: UploadedFile, copy: UploadedFile) -> None:
    """Free an upload's memory. Streamlit keeps it three times, even after its widget is gone: in its manager,
    in the value of the widget, and in the session state (``copy``).
    """
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, upload.file_id)
    upload.close()
    copy.close()
