#!/usr/bin/env bash
# Prints the install script of the extension: the files of sql/install in the order of their numbers. A line
#     --@ include FILE name=value … last="a value with blanks"
# stands for sql/FILE, in which {name} stands for the value; lines that begin with "--@  " after it are more of them. A file may
# include others.
set -euo pipefail
cd "$(dirname "$0")/../sql"
printf '%s\n' '\echo Use "CREATE EXTENSION mrcall_ext" to load this file. \quit'
awk '
function fail(message) {
    print FILENAME ":" FNR ": " message > "/dev/stderr"
    failed = 1
    exit 1
}
function include(words,    file, line, name, value, values, status) {
    match(words, /^[^ ]+/)
    file = substr(words, 1, RLENGTH)
    words = substr(words, RLENGTH + 1)
    while (match(words, /[a-z_]+=("[^"]*"|[^ ]+)/)) {
        name = substr(words, RSTART, RLENGTH)
        words = substr(words, RSTART + RLENGTH)
        value = substr(name, index(name, "=") + 1)
        sub(/=.*/, "", name)
        gsub(/^"|"$/, "", value)
        gsub(/[\\&]/, "\\\\&", value)
        values[name] = value
    }
    while ((status = (getline line < file)) > 0) {
        for (name in values) gsub("\\{" name "\\}", values[name], line)
        if (match(line, /\{[a-z_]+\}/)) fail(file " has " substr(line, RSTART, RLENGTH) ", which has no value here")
        if (line ~ /^--@ include /) include(substr(line, 13))
        else print line
    }
    if (status < 0) fail("there is no file sql/" file)
    close(file)
}
/^--@  / && wanted { wanted = wanted substr($0, 4); next }
wanted { include(wanted); wanted = "" }
FNR == 1 { print "\n-- " FILENAME }
/^--@ include / { wanted = substr($0, 13); next }
{ print }
END { if (wanted && !failed) include(wanted); exit failed }
' install/*.sql
