"""Audio jobs from a web app: typed rows of the audioprep jobs table, on the app's own database connection."""

from audioprep_client import keys
from audioprep_client.client import Audioprep, JobExists, JobNotFound
from audioprep_client.digest import recipe_hash
from audioprep_client.generated import Clip, ErrorKind, IngestMetadata, IngestResult, PreviewResult, Recipe, SaveResult
from audioprep_client.job import Job, QueuePlace
from audioprep_client.recipe import RecipeError, build_recipe, check_recipe
from audioprep_client.s3 import Bucket, Upload, sign_download, sign_upload
from audioprep_client.wait import WaitTimeout
from audioprep_client.webhook import WebhookError, verify_webhook

__all__ = [
    "Audioprep",
    "Bucket",
    "Clip",
    "ErrorKind",
    "IngestMetadata",
    "IngestResult",
    "Job",
    "JobExists",
    "JobNotFound",
    "PreviewResult",
    "QueuePlace",
    "Recipe",
    "RecipeError",
    "SaveResult",
    "Upload",
    "WaitTimeout",
    "WebhookError",
    "build_recipe",
    "check_recipe",
    "keys",
    "recipe_hash",
    "sign_download",
    "sign_upload",
    "verify_webhook",
]
