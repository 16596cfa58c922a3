"""What staff change of facts, and of who may do what, is noted by the database."""

from django.db import migrations

from pos_integration.watching import watch


class Migration(migrations.Migration):
    atomic = False  # a lock on each table for itself, and not longer than it takes

    dependencies = [
        ("pos_integration", "0009_changes"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        watch("pos_integration_category"),
        watch("pos_integration_product"),
        watch("pos_integration_store"),
        watch("pos_integration_storealias", about=("pos_integration_store", "store_id")),
        watch("pos_integration_storestaff", about=("auth_user", "user_id")),
        watch("pos_integration_terminal", left_out="last_seen_at"),
        watch("pos_integration_terminalalias", about=("pos_integration_terminal", "terminal_id")),
        watch(
            "pos_integration_terminaltoken",
            about=("pos_integration_terminal", "terminal_id"),
            unseen="sha256",
        ),
        watch("pos_integration_scalelabel"),
        watch(
            "pos_integration_upload",
            left_out="sha256 attempts claimed_until baskets lines accepted duplicates rejected"
            " skipped next_position",
        ),
        watch("pos_integration_reject", left_out="detail raw receipt"),
        watch("auth_user", unseen="password", left_out="last_login"),
        watch("auth_user_groups", about=("auth_user", "user_id")),
        watch("auth_user_user_permissions", about=("auth_user", "user_id")),
        watch("auth_group"),
        watch("auth_group_permissions", about=("auth_group", "group_id")),
    ]
