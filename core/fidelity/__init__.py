"""What a synthetic set is worth: how close generated images come to real ones, and how many they cover."""
