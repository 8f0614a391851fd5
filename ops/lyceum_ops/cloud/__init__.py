"""The cloud under an instance: Pulumi's engine for those who never used it, and Google's gcloud."""
