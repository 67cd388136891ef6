#!/usr/bin/env bash
# Runs a real Prometheus against the running sample and asks it every query of the dashboard and every
# alert. Fails when one of them returns nothing although it should, and when promtool dislikes the
# configuration, the rules, their tests or our metrics.
#
#   mvn -pl sample-app -am package -DskipTests
#   sample-app/observability/check.sh [--install] [sample-app.jar]
#
# Needs prometheus, promtool, jq, curl and java (JAVA_HOME or PATH). --install takes the first three from
# Debian's packages when they are missing; otherwise nothing is installed. PROMETHEUS and PROMTOOL may name
# the programs where they are not on the PATH. Listens on free ports of the loopback interface only.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What the sample is made to do here has to be seen by these alerts; the others are only asked.
must_fire=(RunActorGivenUp RunActorFailing RunActorStalled)
# These panels have to show more than zeros.
must_be_positive=('Given up' 'Restarts' 'Stalls' 'Failed executions per minute' 'Restarts per minute' 'Slowest stop'
	'Executions per second' 'Failures since the application started' 'Alerts' 'Consecutive failures' 'Ready')
# Seconds until all of that has to be seen.
patience=120

say() { printf '%s\n' "$*"; }
fail() { printf 'check.sh: %s\n' "$*" >&2; exit 1; }

prometheus=${PROMETHEUS:-prometheus}
promtool=${PROMTOOL:-promtool}
if [[ ${1:-} == --install ]]; then
	shift
	if ! command -v "$prometheus" "$promtool" jq curl >/dev/null; then
		sudo=
		((EUID == 0)) || sudo=sudo
		$sudo apt-get update -qq
		$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus jq curl
	fi
fi
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
for program in "$prometheus" "$promtool" jq curl "$java"; do
	command -v "$program" >/dev/null || fail "'$program' is missing: --install installs Debian's packages prometheus, jq and curl"
done

jar=${1:-}
if [[ -z $jar ]]; then
	for candidate in "$here"/../target/sample-app-*.jar; do
		[[ -f $candidate ]] && jar=$candidate
	done
fi
[[ -f $jar ]] || fail "no packaged sample: mvn -pl sample-app -am package -DskipTests"

work=$(mktemp -d)
pids=()
clean_up() {
	local status=$?
	((${#pids[@]})) && kill "${pids[@]}" 2>/dev/null
	wait
	if ((status)); then
		for log in sample prometheus; do
			[[ -f $work/$log.log ]] && { say "== last lines of $log"; tail -n 15 "$work/$log.log"; }
		done
	fi
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints what the first group of the pattern matches in a log, as soon as it does: log_line file pattern seconds pid
await_line() {
	local deadline=$((SECONDS + $3)) found
	while ((SECONDS < deadline)); do
		found=$(sed -nE "s/$2/\1/p" "$1" | head -n 1)
		if [[ -n $found ]]; then
			printf '%s' "$found"
			return
		fi
		kill -0 "$4" 2>/dev/null || fail "ended early, see $1"
		sleep 0.2
	done
	fail "no line like '$2' in $1 within $3 s"
}

say '== promtool: configuration, rules, tests of the rules'
(cd "$here" && "$promtool" check config prometheus.yml && "$promtool" test rules alerts.test.yml)

say "== the sample, with an actor that fails until it is given up and one that stalls: ${jar##*/}"
"$java" -Xmx128m -jar "$jar" --server.address=127.0.0.1 --server.port=0 --sample.port=0 \
	--sample.data-directory="$work/data" --sample.inbox="$work/inbox" \
	--run.actors.flaky.enabled=true --run.actors.flaky.max-restarts=10 \
	--run.actors.flaky.retry.delay=500ms --run.retry.multiplier=1 \
	--run.actors.line-server.stall-after=3s --run.actors.line-server.on-stall=report \
	>"$work/sample.log" 2>&1 &
pids+=($!)
port=$(await_line "$work/sample.log" '.*Tomcat started on port ([0-9]+).*' 90 $!)
sample=http://127.0.0.1:$port

mkdir "$work/config"
sed -e "s/localhost:8080/127.0.0.1:$port/" -e 's/_interval: 15s/_interval: 1s/' "$here/prometheus.yml" >"$work/config/prometheus.yml"
cp "$here/alerts.yml" "$work/config/"
grep -q "127.0.0.1:$port" "$work/config/prometheus.yml" || fail 'prometheus.yml no longer scrapes localhost:8080'
"$prometheus" --config.file="$work/config/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:0 \
	>"$work/prometheus.log" 2>&1 &
pids+=($!)
api=http://$(await_line "$work/prometheus.log" '.*Listening on.*address=(127\.0\.0\.1:[1-9][0-9]*).*' 30 $!)/api/v1
say "sample on port $port, Prometheus at $api"

say '== promtool: our metrics'
curl -fsS --max-time 10 "$sample/actuator/prometheus" | grep -E '^(# (HELP|TYPE) )?run_' >"$work/metrics"
"$promtool" check metrics <"$work/metrics"
say "$(grep -c '^# TYPE' "$work/metrics") metrics accepted"

# Prints how many series a query returns, and how many of them are above zero; NaN is no value.
ask() {
	curl -sS --max-time 10 --get --data-urlencode "query=$1" "$api/query" |
		jq -r 'if .status != "success" then "error " + .error
			else [.data.result[].value[1] | select(. != "NaN")] | "\(length) \(map(select(tonumber > 0)) | length)" end'
}

say '== failures and stall once more: Prometheus sees no increase from nothing to a first value'
deadline=$((SECONDS + 30))
until [[ $(ask 'up{job="sample"} and on() run_actor_stalls_total') == '1 1' ]]; do
	((SECONDS < deadline)) || fail 'Prometheus has not read the meters within 30 s'
	sleep 0.2
done
# the stop of the last one is measured
for actor in flaky line-server inbox-reader; do
	curl -fsS --max-time 10 -H 'Content-Type: application/json' -d '{"action": "restart"}' "$sample/actuator/actors/$actor"
	say "restarted: $actor"
done

# The variables of the dashboard stand for "All" and for what Grafana would put there.
as_grafana() {
	sed -e 's/\$__rate_interval/30s/g' -e 's/\$__range/10m/g' -e 's/\$\(job\|instance\|actor\)\b/.+/g' <<<"$1"
}

contains() {
	printf '%s\n' "${@:2}" | grep -qxF -- "$1"
}

# Lines: what it is, whether it must be above zero, the query.
queries() {
	local title expression needed
	while IFS=$'\t' read -r title expression; do
		needed=any
		contains "$title" "${must_be_positive[@]}" && needed=positive
		printf 'panel %s\t%s\t%s\n' "$title" "$needed" "$(as_grafana "$expression")"
	done < <(jq -r '.panels[] | .title as $title | .targets[] | [$title, .expr] | join("\t")' "$here/grafana/dashboards/run.json")
	# label_values(series, label)
	while IFS=$'\t' read -r title expression; do
		printf 'variable %s\tany\t%s\n' "$title" "count by (${expression##*, } ($(as_grafana "${expression%, *}"))"
	done < <(jq -r '.templating.list[] | select(.type == "query") | [.name, (.query.query | ltrimstr("label_values("))] | join("\t")' \
		"$here/grafana/dashboards/run.json")
	while IFS=$'\t' read -r title expression; do
		if contains "$title" "${must_fire[@]}"; then
			printf 'alert %s\tany\t%s\n' "$title" "$expression"
		fi
		# without the threshold at its end: what it looks at must be there also when all is well
		printf 'alert %s, what it looks at\tany\t%s\n' "$title" "$(sed -E 's/ (>|<|==) [0-9.]+$//' <<<"$expression")"
	done < <(curl -fsS --max-time 10 "$api/rules" | jq -r '.data.groups[].rules[] | [.name, .query] | join("\t")')
}

say '== every query of the dashboard and of the alerts'
queries >"$work/queries"
total=$(wc -l <"$work/queries")
deadline=$((SECONDS + patience))
# A query has passed when it has once returned what it should: a rate is back at zero soon after.
declare -A passed
while :; do
	: >"$work/missing"
	while IFS=$'\t' read -r what needed query; do
		key=$what$'\t'$query
		[[ -z ${passed[$key]:-} ]] || continue
		answer=$(ask "$query")
		read -r series positive <<<"$answer"
		if [[ $series == error ]]; then
			fail "$what: $positive: $query"
		elif ((series == 0)); then
			say "$what returns nothing: $query" >>"$work/missing"
		elif [[ $needed == positive ]] && ((positive == 0)); then
			say "$what shows zeros only: $query" >>"$work/missing"
		else
			passed[$key]=1
			printf '%3d series, %3d above zero  %s\n' "$series" "$positive" "$what"
		fi
	done <"$work/queries"
	firing=$(curl -fsS --max-time 10 "$api/alerts" | jq -r '.data.alerts[] | select(.state == "firing") | .labels.alertname' | sort -u)
	for alert in "${must_fire[@]}"; do
		grep -qx "$alert" <<<"$firing" || say "alert $alert does not fire" >>"$work/missing"
	done
	[[ -s $work/missing ]] || break
	if ((SECONDS >= deadline)); then
		cat "$work/missing" >&2
		fail "of $total queries ${#passed[@]} returned what they should within $patience s"
	fi
	sleep 1
done
broken=$(curl -fsS --max-time 10 "$api/rules" | jq -r '.data.groups[].rules[] | select(.health != "ok") | .name + ": " + .lastError')
[[ -z $broken ]] || fail "rules that fail: $broken"
say "firing: $(tr '\n' ' ' <<<"$firing")"
say "== passed: $total queries"
