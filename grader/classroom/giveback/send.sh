#!/usr/bin/env bash
# Gives feedback back to repositories at GitHub. Read it, and look at repositories.tsv and issues/, before you start it:
#
#   bash send.sh issues             says what it would do
#   bash send.sh issues --send      opens an issue in each repository, or writes the one anew that this opened before
#   bash send.sh statuses           says what it would do
#   bash send.sh statuses --send    sets the status of the commit that was graded
#
# It needs GitHub's `gh`, logged in. Repositories that are not private are passed over: these are grades.
set -uo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")" || exit 2

what=${1-} mode=${2-}
if [[ $what != issues && $what != statuses ]] || [[ -n $mode && $mode != --send ]]; then
    echo "Usage: bash send.sh issues|statuses [--send]" >&2
    exit 2
fi
GRADER_TITLE=$(head -n 1 title.txt)
export GRADER_TITLE
failed=0

tell_failed() {
    echo "NOT sent to $repository: $1" >&2
    failed=1
}

send_issue() {
    local number
    number=$(gh issue list --repo "$repository" --author @me --state all --limit 500 --json number,title \
        --jq 'map(select(.title == env.GRADER_TITLE)) | .[0].number // empty' </dev/null) ||
        { tell_failed "its issues cannot be listed"; return; }
    if [[ -z $number ]]; then
        gh issue create --repo "$repository" --title "$GRADER_TITLE" --body-file "$file" </dev/null ||
            tell_failed "the issue cannot be opened"
    elif [[ $number =~ ^[0-9]+$ ]]; then
        gh issue edit "$number" --repo "$repository" --body-file "$file" </dev/null ||
            tell_failed "issue $number cannot be written"
    else
        tell_failed "gh gave no number"
    fi
}

send_status() {
    gh api --silent --method POST "repos/$repository/statuses/$commit" \
        -f "state=$state" -f "context=grader" -f "description=$points" </dev/null ||
        tell_failed "the status cannot be set"
}

while IFS=$'\t' read -r repository file commit state points; do
    if [[ ! $repository =~ ^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$ || ! $file =~ ^issues/[A-Za-z0-9_-]+\.md$ ||
        ! $commit =~ ^([0-9a-f]{40}|-)$ || ! $state =~ ^(success|failure)$ || ! $points =~ ^[0-9.]+\ of\ [0-9.]+\ points$ ]]; then
        echo "repositories.tsv has a line that is not as it was written. Nothing of it is sent." >&2
        exit 2
    fi
    if [[ $what == statuses && $commit == - ]]; then
        echo "$repository: no commit is known, so there is no status."
        continue
    fi
    if [[ $mode != --send ]]; then
        if [[ $what == issues ]]; then
            echo "$repository: would get $file as an issue"
        else
            echo "$repository: commit ${commit:0:12} would be “$state”: $points"
        fi
        continue
    fi
    visibility=$(gh repo view "$repository" --json visibility --jq .visibility </dev/null) ||
        { tell_failed "it cannot be looked at"; continue; }
    if [[ $visibility != PRIVATE ]]; then
        tell_failed "it is not private, and these are grades"
    elif [[ $what == issues ]]; then
        send_issue
    else
        send_status
    fi
done <repositories.tsv
exit "$failed"
