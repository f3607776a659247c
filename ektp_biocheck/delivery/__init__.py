"""Getting sealed records to the centre, and finding out whether they are held there."""
