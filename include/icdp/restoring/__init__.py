"""When something on disk is lost or spoilt: find it, make it again, bring it back."""
