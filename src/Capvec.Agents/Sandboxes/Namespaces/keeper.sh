# The first process of a box: sets it up, then carries out requests until its standard input ends, and the box with it.
#
# It runs as process 1 of namespaces of its own, with all capabilities there and none outside. What the agent runs has fewer
# capabilities, so it can neither trace this process nor read its memory or descriptors, and process 1 takes no signal from its own box.
#
# Standard input: requests, one word a line, each followed by fields that end in NUL. Standard output: one answer line each.
# After the set-up, descriptors 3 and 4 are the reading ends of two pipes, which the host opens as well: commands print into them.
# What is used below: BOX_ROOT (where the new root is put together), BOX_ROOT_OPTIONS (of its tmpfs), BOX_FOLDERS and BOX_FILES (made
# in it), BOX_MOUNTS (fstab lines), BOX_VERIFIER_MOUNTS (the same, for later), BOX_HOST_NAME, BOX_LIMITS (words for ulimit), BOX_DROP
# (words for setpriv), and paths of tools BOX_….

set +o history
unset OLDPWD
export -n PWD SHLVL ${!BOX_*}

# Nothing that whoever started the program left open may come along: a folder of the host that stays open would be a way out.
for path in /proc/self/fd/*; do
    number=${path##*/}
    ((number > 2)) && eval "exec $number>&-"
done

# The host's /proc is still in place, so this is the number by which the host knows this process.
read -r host_number rest </proc/self/stat

set_up() {
    "$BOX_MOUNT" -t tmpfs -o "$BOX_ROOT_OPTIONS" box "$BOX_ROOT" >&2 && cd "$BOX_ROOT" && "$BOX_MKDIR" -p $BOX_FOLDERS >&2 || return
    local file
    for file in $BOX_FILES; do
        : >"$file" || return
    done
    # The tables of mounts lie where one of these mounts then covers them; 8 is the way that is left to the second.
    echo "$BOX_MOUNTS" >logs/mounts && echo "$BOX_VERIFIER_MOUNTS" >logs/verifier-mounts && exec 8<logs/verifier-mounts || return
    "$BOX_MOUNT" --all --fstab logs/mounts >&2 || return
    # The old root ends up on top of the new one and is then taken off, with every mount of the host.
    "$BOX_PIVOT_ROOT" . . >&2 && "$BOX_UMOUNT" -l . >&2 && cd / || return
    "$BOX_HOSTNAME" "$BOX_HOST_NAME" >&2 || return
    # No further user namespace: in one, a process would get back the capabilities that commands are denied.
    echo 0 >/proc/sys/user/max_user_namespaces
}

# Two pipes of which only the reading ends stay here. Commands open the writing ends anew, so that the host sees the end of the output
# when, and only when, the last process that holds one has closed it. 7 is a pipe to wait at.
open_pipes() { exec 3< <(:) 4< <(:) 7<> <(:); }

# Waits a little without starting a process.
doze() { read -r -t 0.002 -u 7; }

# Whether a process does anything any more (a zombie is dead, whoever has to bury it).
lives() {
    local status=
    IFS= read -r -d '' status 2>/dev/null <"/proc/$1/stat"
    [[ $status && ${status##*) } != [ZX]* ]]
}

# Ends every process but this one, and waits until all are gone. One kill for all of them leaves no gap for a fork.
sweep() {
    local path left=1
    while ((left)); do
        kill -KILL -1
        left=0
        for path in /proc/[0-9]*; do
            path=${path#/proc/}
            ((path > 1)) && lives "$path" && left=1
        done
        ((left)) && doze
    done
    wait
} 2>/dev/null

# Ends what was started since the last command began; all of it where new processes keep coming (a fork bomb). Where one round is not
# enough, everything is stopped in one stroke: nothing forks any more, and hundreds of processes no longer share the processors with
# this one while it ends them one by one. What ran before goes on afterwards.
end_command() {
    local path round left=1 stopped=
    for ((round = 0; left && round < 20; round++)); do
        left=0
        for path in /proc/[0-9]*; do
            path=${path#/proc/}
            [[ $path == 1 || $before == *" $path "* ]] && continue
            lives "$path" && kill -KILL "$path" && ((++left == 32)) && stop_all
        done
        ((left && round == 2)) && stop_all
        ((left)) && doze
    done
    [[ $stopped ]] && kill -CONT -1
    ((left)) && sweep
} 2>/dev/null

stop_all() { [[ $stopped ]] || kill -STOP -1; stopped=1; }

# Starts a command. Fields: folder, shell words, number of variables, the variables as NAME=value, the command.
start_command() {
    local folder shell count variables=() field command
    IFS= read -r -d '' folder
    IFS= read -r -d '' shell
    IFS= read -r -d '' count
    while ((count-- > 0)); do
        IFS= read -r -d '' field
        variables+=("$field")
    done
    IFS= read -r -d '' command
    before=(/proc/[0-9]*)
    before=" ${before[*]#/proc/} "
    exec 5>/proc/self/fd/3 6>/proc/self/fd/4
    (
        trap - INT QUIT
        cd -- "$folder" || cd /
        # Where memory runs out, the box goes first and not the program that made it.
        echo 800 >/proc/self/oom_score_adj
        ulimit $BOX_LIMITS
        # Capabilities fall before the variables are set: these are the task's, and LD_PRELOAD is one like any other.
        exec "$BOX_SETPRIV" $BOX_DROP -- ${variables:+env "${variables[@]}"} $shell "$command" </dev/null >&5 2>&6 3<&- 4<&- 5>&- 6>&- 7<&- 8<&-
    ) 2>/dev/null &
    job=$!
    exec 5>&- 6>&-
    echo started
}

# Says how the command ended. Its output has ended before, so most of the time it is dead or about to be.
tell_status() {
    local try
    for ((try = 0; try < 50; try++)); do
        if ! lives "$job"; then
            wait "$job"
            echo "exit $?"
            return
        fi
    done
    echo busy
}

# Unpacks a tar archive that follows in the stream; the dates of folders come last, when nothing is put into them any more. Fields: length, folder.
unpack() {
    local length folder
    IFS= read -r -d '' length
    IFS= read -r -d '' folder
    "$BOX_HEAD" -c "$length" | "$BOX_TAR" --extract --preserve-permissions --delay-directory-restore --numeric-owner --directory "$folder" --file - >&2
    [[ ${PIPESTATUS[*]} == '0 0' ]]
}

# Puts fresh, empty file systems over /tests and /logs/verifier. Both are mounts from the start, so no command could move them away.
mount_for_verifier() { "$BOX_MOUNT" --all --fstab /proc/self/fd/8 >&2; }

# Prints the beginning of a file. Fields: path, most characters.
tell_file() {
    local path most text=
    IFS= read -r -d '' path
    IFS= read -r -d '' most
    if [[ -f $path ]]; then
        IFS= read -r -N "$most" text <"$path"
        printf 'text\n%s\0' "$text"
    else
        printf 'none\n\0'
    fi
}

answer() {
    if "$@"; then
        echo done
    else
        # What is left in the stream can no longer be told apart.
        echo failed
        exit 1
    fi
}

open_pipes
if ! set_up; then
    echo failed
    exit 1
fi
echo "ready $host_number"
while IFS= read -r request; do
    case $request in
    run) start_command ;;
    status) tell_status ;;
    end) end_command; echo done ;;
    sweep) sweep; echo done ;;
    unpack) answer unpack ;;
    mount) answer mount_for_verifier ;;
    file) tell_file ;;
    esac
done
