"""What a student works with: the folder, `grader watch`, and `%%check` in a notebook.

`keyboard` and `file_watcher` are what can happen while watching, each in a thread of its own that puts an event into a
queue; `watch` takes the events one by one, grades, and says what there is to see.
"""
