"""What goes wrong with checkpoints, and what is told of it; the tables say what `checkpoints` calls a mistake."""

from __future__ import annotations

from ..outcome import Cause
from ..telling.explain import NOT_CLEARED, NOT_UPDATED, TWICE

PICKLED = Cause(
    "pickled-whole",
    "`{key}` holds the whole object, which is a pickle that depends on the code of its class: save its `state_dict()`.",
)
NOT_PLAIN = Cause(
    "not-plain",
    "`{key}` is what it refuses, or holds it: tensors, numbers, text, and lists, tuples and dicts of those are taken.",
)
NO_BUFFERS = Cause(
    "missing-term",
    "The parameters are there and the buffers are not, such as the running means of batch normalization: "
    "`state_dict()` holds both.",
)
EARLIER = Cause("stale", "It is what was saved at an earlier call: the file is to be overwritten.")
PLUS_ONE = Cause(
    "off-by-one", "It is 1 too many: the number of epochs that are done is asked, unchanged."
)
MINUS_ONE = Cause(
    "off-by-one", "It is 1 too few: the number of epochs that are done is asked, unchanged."
)
AT_FIRST = Cause("seed-for-state", "That is where the generator began, and not where it is.")
SEED = Cause(
    "seed-for-state",
    "That is a seed, which says where the generator began, and not where it is: `torch.get_rng_state()` says that.",
)
NOT_RESTORED = Cause(
    "not-restored", "It is as it was before the call: nothing in the file has come to it."
)
OTHER_TENSORS = Cause(
    "other-tensors",
    "The optimizer does not move the model any more: it holds the tensors that were there before, and the model has "
    "others. `load_state_dict` fills those that are there (without `assign=True`).",
)
RNG_LEFT = Cause(
    "rng-not-restored",
    "The generator is where it was before the call: `torch.set_rng_state` puts it back.",
)
RNG_SEEDED = Cause(
    "rng-not-restored",
    "The generator is seeded with {seed}; it is to be where it was, where `torch.set_rng_state` puts it.",
)
SEEDED = Cause(
    "seed-for-state",
    "That is where `torch.manual_seed({seed})` puts the generator, and not where it was when `save_checkpoint` was "
    "called: seed nothing.",
)
LEFT_ALONE = Cause(
    "changed-too-much", "`save_checkpoint` only reads: all that it is given stays as it is."
)
MOVED = Cause(
    "device-moved",
    "`load_state_dict` copies the numbers to where the model is, wherever those of the file are: the model itself, and "
    "its `.data`, need no other place.",
)
UNPICKLED = Cause(
    "unpickled",
    "`weights_only=False` runs whatever program is in the file: leave it at `weights_only=True`.",
)
KEPT_BACK = Cause(
    "kept-back", "`torch.load` raises here with `weights_only=True`: let that exception out."
)
CLEARED_LATE = Cause(
    "not-cleared",
    "The gradients from earlier work are in the first step: clear them before `backward()`, and not only after a step.",
)
CLEARED_PER_EPOCH = Cause(
    "not-cleared", "The gradients are cleared once an epoch: clear them for each batch."
)
EVALUATING = Cause(
    "mode", "The model is in evaluation mode while it is trained: leave it in training mode."
)
LOSS_AFTER = Cause(
    "new-for-old",
    "Each batch goes through the model once more, after the step; the loss of before the step is asked.",
)
PER_BATCH = Cause(
    "schedule", "The schedule makes a step for each batch; one for each epoch is asked."
)
NO_SCHEDULE = Cause("schedule", "The schedule makes no step.")
SCHEDULE_FIRST = Cause(
    "schedule", "The schedule makes its step before those of the epoch; it belongs at the end."
)
SCHEDULE_SHORT = Cause(
    "schedule", "The schedule makes no step after the last epoch; it makes one after each."
)
SWAPPED = Cause("swapped", "It is `criterion(outputs, labels)`, in this order.")
OWN_CRITERION = Cause(
    "own-criterion", "It is the squared error; use the `criterion` that is given."
)
LAST_LOSS = Cause("last-batch-alone", "It is the loss of the last batch of each epoch.")
EVERY_BATCH = Cause(
    "every-batch", "There is an entry for every batch; the mean of each epoch is asked."
)
SUMS = Cause("no-mean", "It is the sum over the batches of an epoch; their mean is asked.")
ONE_MORE = Cause("one-too-many", "There is one epoch too many.")
SAVED_LATE = Cause(
    "saved-late", "Write it after each epoch, and not only when all are done, or after several."
)
NOTHING_LOADED = Cause(
    "not-restored",
    "The weights are those that the model was given with: what is in the file comes back also where no epoch is left.",
)

# what goes wrong between a stop and the end, and what `resumed_by_hand` calls it
STARTED_ANEW = Cause(
    "resumed-wrongly",
    "What is in the file comes back, and then all `epochs` are trained: those before the stop are to count.",
)
NEVER_LOADED = Cause("resumed-wrongly", "Nothing in the file comes back: the training begins anew.")
ONE_SKIPPED = Cause("off-by-one", "An epoch is skipped when the training is resumed.")
ONE_TWICE = Cause("off-by-one", "The last epoch before the stop is trained a second time.")
FORGOTTEN = {
    "model": Cause("forgotten-model", "The weights do not come back: it goes on from new ones."),
    "optimizer": Cause(
        "forgotten-optimizer",
        "The optimizer's state does not come back: what it keeps of the gradients begins anew.",
    ),
    "scheduler": Cause(
        "forgotten-scheduler",
        "The schedule's state does not come back: it counts its epochs from 0 again.",
    ),
    "rng": Cause(
        "rng-not-restored",
        "The generator's state does not come back: dropout and the order of the samples are others.",
    ),
    "optimizer+scheduler": Cause(
        "forgotten-optimizer", "Neither the optimizer's state comes back nor the schedule's."
    ),
}
SAVED_EARLY = Cause(
    "saved-early",
    "The file is written before the last step of the schedule, which is lost then: write it after that.",
)
HALF_SAVED = Cause(
    "saved-within",
    "The file holds a part of the epoch in which it was stopped, which is then trained again: write it between two "
    "epochs alone.",
)

HALF_SAVED_LATER = Cause(
    "saved-within",
    "The file is written when an epoch is stopped, as by `finally`, and holds a part of it, which is then trained "
    "again: write it between two epochs alone.",
)
EVALUATING_LATER = Cause(
    "mode",
    "The model is in evaluation mode after the stop: `load_checkpoint` and `train` leave it in training mode.",
)
LOADED_OVER = Cause(
    "kept-back",
    "The exception does not come out of `train`: let it raise, since the file that is there is lost otherwise.",
)
DRAWN_ONCE = Cause(
    "drawn-once",
    "The batches are drawn once, as by `list(loader)`, and each epoch has the same: go through `loader` in each epoch.",
)
RESUMED = {
    NEVER_LOADED: "never-loaded",
    STARTED_ANEW: "started-anew",
    ONE_SKIPPED: "skipped",
    ONE_TWICE: "twice",
    SAVED_EARLY: "saved-early",
    HALF_SAVED: "half-saved",
    HALF_SAVED_LATER: "half-saved-forward",
    DRAWN_ONCE: "drawn-once",
    EVALUATING_LATER: "evaluating",
    **{cause: mistake for mistake, cause in FORGOTTEN.items()},
}
# as above, without a stop
TRAINED = {
    NOT_UPDATED: "no-step",
    NOT_CLEARED: "not-cleared",
    CLEARED_LATE: "cleared-late",
    CLEARED_PER_EPOCH: "cleared-per-epoch",
    PER_BATCH: "schedule-per-batch",
    NO_SCHEDULE: "no-schedule",
    SCHEDULE_FIRST: "schedule-first",
    SCHEDULE_SHORT: "schedule-short",
    TWICE: "two-steps",
    EVALUATING: "eval",
    LOSS_AFTER: "loss-after",
}
