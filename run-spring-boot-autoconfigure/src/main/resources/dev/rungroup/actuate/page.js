'use strict';

// Everything comes from the address of this page, whatever a proxy or a base path made of it.
const OWN = location.origin + location.pathname;
const PAGE = document.documentElement.dataset;
const CONTROLS = PAGE.access === 'unrestricted';
const POLL_EVERY = 1000;       // milliseconds, as all times below
const POLL_UNSEEN = 10_000;
const GIVE_UP_AFTER = 10_000;
const SLICE = 40;              // then the browser may draw and listen
const HAND_OFF = 3000;         // rows do not move under a pointer
const SLOT = 10_000;           // one bar of the chart
const SLOTS = 30;
const ENDED = ['STOPPED', 'COMPLETED', 'FAILED', 'DISABLED', 'NEW'];
const TROUBLE = ['bad', 'late'];

const rows = new Map();        // actor -> its row
const boxes = new Map();       // group, '' for the application's -> its box
let clockSkew = 0;             // the application's clock minus ours
let lastAnswer = null;
let connected = false;
let pointerMoved = -Infinity;

// --- small helpers; text of the application reaches the page as text nodes and attributes alone

const $ = (id) => document.getElementById(id);

function element(name, className, text) {
	const result = document.createElement(name);
	if (className) result.className = className;
	if (text !== undefined) result.textContent = text;
	return result;
}

function svg(name, attributes) {
	const result = document.createElementNS('http://www.w3.org/2000/svg', name);
	for (const [key, value] of Object.entries(attributes)) result.setAttribute(key, value);
	return result;
}

function show(node, text) {
	if (node.textContent !== text) node.textContent = text;
}

function attribute(node, name, value) {
	if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

const copy = (template) => $(template).content.firstElementChild.cloneNode(true);

const now = () => Date.now() + clockSkew;

const number = (value) => Number(value ?? 0).toLocaleString('en');

const count = (value, one, many) => number(value) + ' ' + (value === 1 ? one : many);

function span(millis) {
	const seconds = Math.max(0, Math.round(millis / 1000));
	if (seconds < 120) return seconds + ' s';
	if (seconds < 7200) return Math.floor(seconds / 60) + ' min';
	if (seconds < 172_800) return Math.floor(seconds / 3600) + ' h';
	return Math.floor(seconds / 86_400) + ' d';
}

const ago = (instant) => span(now() - Date.parse(instant)) + ' ago';

function clock(instant) {
	const at = new Date(instant);
	return at.toDateString() === new Date(now()).toDateString() ? at.toLocaleTimeString('sv') : at.toLocaleString('sv');
}

function until(instant) {
	const wait = Date.parse(instant) - now();
	return wait > 500 ? 'in ' + span(wait) : 'now';
}

const simpleName = (type) => String(type).slice(String(type).lastIndexOf('.') + 1);

// --- what a state means to the person who looks; groups have those of actors

function look(it) {
	const state = String(it.state ?? '').toUpperCase();
	const failing = it.failuresInARow > 0;
	switch (state) {
		case 'FAILED': return { look: 'bad', words: 'given up', icon: '✖' };
		case 'WAITING': return failing ? { look: 'bad', words: 'backing off', icon: '↻' }
				: { look: 'wait', words: 'pausing', icon: '◔' };
		// a server that has recovered keeps its row of failures until it returns
		case 'RUNNING': return failing && it.ready === false ? { look: 'bad', words: 'trying again', icon: '↻' }
				: { look: 'good', words: 'running', icon: '●' };
		case 'STANDBY': return { look: 'wait', words: 'on standby', icon: '◐' };
		case 'STOPPING': return { look: 'late', words: 'stopping', icon: '◌' };
		case 'STOPPED': return { look: 'late', words: 'stopped', icon: '■' };
		case 'COMPLETED': return { look: 'none', words: 'completed', icon: '✔' };
		case 'DISABLED': return { look: 'none', words: 'disabled', icon: '–' };
		case 'NEW': return { look: 'none', words: 'not started', icon: '○' };
		default: return { look: 'late', words: state.toLowerCase() || 'unknown', icon: '?' };
	}
}

// What an actor was like when its group ended says nothing about the actor: the group speaks for it.
const AWAITING = { look: 'none', words: 'waiting for its group', icon: '○' };

const awaits = (actor, group) => group && !['RUNNING', 'STOPPING'].includes(group.state)
		&& actor.state !== 'DISABLED';

const STATES = ['given up', 'backing off', 'trying again', 'stopping', 'stopped', 'running', 'pausing', 'on standby',
	'completed', 'disabled', 'not started', AWAITING.words];

function allowed(state, action) {
	const ended = ENDED.includes(state);
	if (state === 'DISABLED') return false;
	return action === 'start' ? ended : !ended || action === 'restart' && state === 'FAILED';
}

const rank = (meaning) => meaning.words === 'given up' ? 0 : 1 + ['bad', 'late', 'good', 'wait', 'none'].indexOf(meaning.look);

// The node that leads runs the actor, the others stand by.
function showBadge(badge, cluster) {
	badge.hidden = !cluster?.leader;
	if (cluster?.leader) {
		show(badge, 'leader');
		attribute(badge, 'title', 'This node has the lock ' + cluster.lock);
	}
}

// --- failures of the last minutes: counted here, from one answer to the next

function remember(row) {
	const { actor } = row;
	const slot = Math.floor(now() / SLOT);
	if (!row.slots) {
		row.slots = new Map();
		row.total = actor.failures;
		// what happened before this page was opened: we know of one failure and its time
		if (actor.lastFailure?.at) row.slots.set(Math.floor(Date.parse(actor.lastFailure.at) / SLOT), 1);
	}
	// a smaller number than before: the application was started again
	const more = actor.failures < row.total ? actor.failures : actor.failures - row.total;
	if (more > 0) row.slots.set(slot, (row.slots.get(slot) ?? 0) + more);
	row.total = actor.failures;
}

function bars(row) {
	const slot = Math.floor(now() / SLOT);
	for (const old of row.slots.keys()) if (old <= slot - SLOTS) row.slots.delete(old);
	return Array.from({ length: SLOTS }, (_, i) => row.slots.get(slot - SLOTS + 1 + i) ?? 0);
}

function drawing(values, label) {
	const highest = Math.max(4, ...values);
	const result = svg('svg', { viewBox: '0 0 150 40', preserveAspectRatio: 'none', role: 'img', 'aria-label': label });
	result.append(svg('path', { class: 'bars', d: values.map((value, i) => value
		? 'M' + i * 5 + ' 39v' + -value / highest * 38 + 'h4v' + value / highest * 38 + 'z' : '').join('') }));
	result.append(svg('line', { class: 'axis', x1: 0, y1: 39.5, x2: 150, y2: 39.5 }));
	return result;
}

function showChart(row) {
	if (row.slots.size === 0 && !row.drawn && !row.details) return;
	const values = bars(row);
	const key = values.join();
	const sum = values.reduce((a, b) => a + b, 0);
	const label = count(sum, 'failure', 'failures') + ' seen in the last 5 minutes';
	if (row.drawn !== key) {
		row.drawn = key;
		row.cells.chart.replaceChildren(...(sum ? [drawing(values, label)] : []));
	}
	const chart = row.details?.querySelector('.chart');
	if (chart && row.drawnLarge !== key) {
		row.drawnLarge = key;
		const axis = element('p', 'soft');
		axis.append(element('span', '', '5 min ago'), element('span', '', 'highest: ' + Math.max(...values) + ' in 10 s'),
			element('span', '', 'now'));
		chart.replaceChildren(drawing(values, label), axis, element('p', '', label));
	}
}

// --- rows

function wireButtons(it, name, what) {
	const buttons = [...it.node.querySelectorAll('[data-action]')];
	it.buttons = CONTROLS ? buttons : [];
	if (!CONTROLS) buttons.forEach((button) => button.remove());
	for (const button of it.buttons) {
		attribute(button, 'aria-label', button.textContent + ' ' + what + name);
		button.addEventListener('click', () => {
			if (button.getAttribute('aria-disabled') !== 'true') send(name, button.dataset.action);
		});
	}
}

function showButtons(it, state) {
	for (const button of it.buttons) {
		attribute(button, 'aria-disabled', String(!connected || it.awaiting || !allowed(state, button.dataset.action)));
	}
}

function newRow(name) {
	const node = copy('row-template');
	node.dataset.actor = name;
	node.id = 'actor-' + name;
	const row = { name, node, cells: {}, toggle: node.querySelector('button.name'), order: rows.size };
	for (const cell of node.cells) row.cells[cell.classList[cell.classList.length - 1]] = cell;
	row.badge = node.querySelector('.badge');
	row.state = node.querySelector('span.state');
	row.since = node.querySelector('.since');
	row.toggle.textContent = name;
	row.toggle.title = name;
	wireButtons(row, name, '');
	node.addEventListener('click', (event) => {
		if (event.target.closest('[data-action]') || String(getSelection())) return;
		toggle(row, !row.details);
	});
	rows.set(name, row);
	return row;
}

function toggle(row, open) {
	row.node.classList.toggle('open', open);
	attribute(row.toggle, 'aria-expanded', String(open));
	if (open && !row.details) {
		row.details = copy('details-template');
		row.details.id = 'details-' + row.name;
		row.toggle.setAttribute('aria-controls', row.details.id);
		row.node.after(row.details);
		showDetails(row);
		showChart(row);
	}
	else if (!open && row.details) {
		row.details.remove();
		row.details = row.drawnLarge = null;
		row.toggle.removeAttribute('aria-controls');
	}
}

function showDetails(row) {
	const { actor, details } = row;
	const failure = actor.lastFailure;
	const cluster = actor.cluster;
	attribute(details, 'data-look', row.meaning.look);
	// more columns than there are would be made
	attribute(details.firstElementChild, 'colspan', String([...row.node.cells].filter((cell) => cell.offsetWidth).length || 1));
	const facts = [
		['State', row.meaning.words + (actor.stateSince ? ', since ' + clock(actor.stateSince) : '')],
		['Ready', actor.ready ? 'yes' : 'no'],
		['Next execution', actor.nextExecution ? until(actor.nextExecution) + ', at ' + clock(actor.nextExecution) : 'none planned'],
		['Executions', number(actor.executions)],
		['Failures', number(actor.failures) + (actor.failuresInARow ? ', ' + number(actor.failuresInARow) + ' in a row' : '')],
		['Restarts', number(actor.restarts)],
		['Last progress', actor.lastProgress ? ago(actor.lastProgress) : '–'],
		...(cluster ? [['Cluster', (cluster.leader ? 'leads' : 'another node leads, or none')
			+ (cluster.since ? ', since ' + clock(cluster.since) : '')], ['Lock', String(cluster.lock)
			+ (cluster.leaseUntil ? ', until ' + clock(cluster.leaseUntil) : '')]] : [])
	];
	const list = details.querySelector('dl');
	if (list.childElementCount !== 2 * facts.length) {
		list.replaceChildren(...facts.flatMap(([key]) => [element('dt', '', key), element('dd')]));
	}
	facts.forEach(([, value], i) => show(list.children[2 * i + 1], value));
	show(details.querySelector('.type'), failure ? String(failure.type) : 'none');
	show(details.querySelector('.at'), failure?.at ? ago(failure.at) + ', at ' + clock(failure.at) : '');
	show(details.querySelector('.message'), failure?.message ?? '');
}

function showActor(name, actor, group) {
	const row = rows.get(name) ?? newRow(name);
	row.group = actor.group ?? '';
	row.awaiting = Boolean(awaits(actor, group));
	const json = JSON.stringify(actor) + row.awaiting;
	if (row.json === json) return row;
	row.json = json;
	row.actor = actor;
	const before = row.meaning;
	row.meaning = row.awaiting ? AWAITING : look(actor);
	const state = String(actor.state).toUpperCase();
	attribute(row.node, 'data-look', row.meaning.look);
	attribute(row.node, 'data-state', state);
	show(row.state, row.meaning.icon + ' ' + row.meaning.words);
	for (const what of ['executions', 'failures', 'restarts']) {
		show(row.cells[what], number(actor[what]));
		row.cells[what].classList.toggle('zero', !actor[what]);
	}
	const failure = actor.lastFailure;
	const key = failure ? failure.type + '\n' + failure.message : '';
	if (row.failure !== key) {
		row.failure = key;
		row.cells.failure.replaceChildren(...(failure ? [element('span', 'type', simpleName(failure.type)),
			failure.message ? ': ' + String(failure.message).slice(0, 200) : ''] : []));
	}
	showBadge(row.badge, actor.cluster);
	showButtons(row, state);
	remember(row);
	tickRow(row);
	if (before && before.look !== row.meaning.look && TROUBLE.includes(row.meaning.look) || before?.look === 'bad' && row.meaning.look === 'good') {
		news.push(name + ': ' + row.meaning.words);
	}
	return row;
}

// What depends on the time alone.
function tickRow(row) {
	const { actor } = row;
	show(row.since, [...(actor.stateSince ? ['for ' + span(now() - Date.parse(actor.stateSince))] : []),
		...(actor.ready || actor.state !== 'RUNNING' ? [] : ['not ready'])].join(', '));
	show(row.cells.next, actor.nextExecution ? until(actor.nextExecution) : '');
	showChart(row);
	if (row.details) showDetails(row);
}

// --- groups

function boxOf(name) {
	let box = boxes.get(name);
	if (box) return box;
	const node = copy('group-template');
	node.dataset.group = name;
	box = { name, node, body: node.querySelector('tbody'), state: node.querySelector('span.state'), order: boxes.size,
		facts: node.querySelector('.facts'), failure: node.querySelector('header .failure'), badge: node.querySelector('.badge') };
	node.querySelector('h2').id = 'group-' + name;
	node.setAttribute('aria-labelledby', 'group-' + name);
	// the application's own group ends with the application: there is nothing to control
	if (name === '') node.querySelector('header .actions').remove();
	wireButtons(box, name, 'group ');
	boxes.set(name, box);
	$('groups').append(node);
	return box;
}

function reasonText({ kind, member, cause }) {
	return String(kind).toLowerCase().replaceAll('_', ' ') + (member ? ' (' + member + ')' : '')
		+ (cause ? ': ' + simpleName(cause.type ?? '') + ' ' + (cause.message ?? '') : '');
}

function showBox(box, group) {
	const state = String(group.state ?? '').toUpperCase();
	let meaning = look(group);
	if (box.name === '' && state === 'STOPPED' && group.stopReason?.cause) meaning = { ...meaning, look: 'bad' };
	box.meaning = meaning;
	attribute(box.node, 'data-look', meaning.look);
	attribute(box.node, 'data-state', state);
	show(box.node.querySelector('h2'), 'Group ' + (box.name || group.name || ''));
	show(box.state, meaning.icon + ' ' + meaning.words);
	const failure = group.lastFailure;
	show(box.facts, [
		...(box.name === '' ? ['of the application'] : []),
		count(box.rows.length, 'actor', 'actors'),
		...(group.failures ? [count(group.failures, 'failure', 'failures')] : []),
		...(group.restarts ? [count(group.restarts, 'restart', 'restarts')] : []),
		...(group.nextExecution ? ['next start ' + until(group.nextExecution)] : [])
	].join(', '));
	const text = group.stopReason ? 'Because of ' + reasonText(group.stopReason)
		: failure ? 'Last failure' + (failure.at ? ' ' + ago(failure.at) : '') + ': ' + simpleName(failure.type) + ' ' + (failure.message ?? '') : '';
	show(box.failure, text);
	box.failure.hidden = !text;
	showBadge(box.badge, group.cluster);
	showButtons(box, state);
}

// Puts nodes into an order with as few moves as it takes when little has changed.
function arrange(parent, nodes) {
	let next = parent.firstElementChild;
	for (const node of nodes) {
		if (node === next) {
			next = next.nextElementSibling;
		}
		else if (parent.moveBefore && node.parentNode === parent) {
			parent.moveBefore(node, next);
		}
		else {
			const focused = node.contains(document.activeElement) ? document.activeElement : null;
			parent.insertBefore(node, next);
			focused?.focus({ preventScroll: true });
		}
	}
}

function place() {
	const busy = performance.now() - pointerMoved < HAND_OFF;
	for (const box of boxes.values()) {
		const fresh = box.rows.some((row) => row.node.parentNode !== box.body);
		if (busy && !fresh && box.body.childElementCount) continue;
		box.rows.sort((a, b) => rank(a.meaning) - rank(b.meaning) || a.order - b.order);
		arrange(box.body, box.rows.flatMap((row) => row.details ? [row.node, row.details] : [row.node]));
	}
	if (!busy) {
		const bad = (box) => box.meaning.look === 'bad' || box.rows.some((row) => row.meaning.look === 'bad');
		arrange($('groups'), [...boxes.values()].sort((a, b) => bad(b) - bad(a) || a.order - b.order).map((box) => box.node));
	}
}

// --- filter

function options(select, values, any) {
	const key = values.join('\n');
	if (select.dataset.shown === key) return;
	select.dataset.shown = key;
	const { value } = select;
	select.replaceChildren(...[['', any], ...values.map((each) => [each, each])].map(([each, text]) => {
		const option = element('option', '', text);
		option.value = each;
		return option;
	}));
	select.value = value;
	if (select.selectedIndex < 0) select.selectedIndex = 0;
}

function filter() {
	const name = $('filter-name').value.trim().toLowerCase();
	const state = $('filter-state').value;
	const group = $('filter-group').selectedIndex > 0 ? $('filter-group').value : null;
	let shown = 0;
	for (const box of boxes.values()) {
		let some = false;
		for (const row of box.rows) {
			const fits = row.name.toLowerCase().includes(name) && (group === null || group === (row.group || box.title))
				&& (!state || (state === 'in trouble' ? TROUBLE.includes(row.meaning.look) : state === row.meaning.words));
			if (row.node.hidden === fits) row.node.hidden = !fits;
			if (row.details) row.details.hidden = !fits;
			if (fits) shown++;
			some ||= fits;
		}
		box.node.hidden = !some && (name !== '' || state !== '' || group !== null);
	}
	show($('filter-count'), shown === rows.size ? '' : shown === 0 ? 'No actor is like that.'
		: number(shown) + ' of ' + count(rows.size, 'actor', 'actors'));
}

// Leads to a row, whatever the filter hides.
function reveal(name) {
	const row = rows.get(name);
	if (!row) return;
	if (row.node.hidden) {
		for (const field of ['filter-name', 'filter-state', 'filter-group']) $(field).value = '';
		filter();
	}
	toggle(row, true);
	row.toggle.focus({ preventScroll: true });
	row.node.scrollIntoView({ block: 'center' });
}

// --- the whole

let news = [];

function showNews() {
	if (news.length) show($('news'), news.length > 5 ? news.length + ' actors have changed' : news.join('; '));
	news = [];
}

const NAMED = 4;

// Built anew only when it says something else: a link must not lose the focus each second.
function showVerdict(parts, meaning) {
	const verdict = $('verdict');
	verdict.dataset.look = meaning;
	const text = JSON.stringify(parts);
	if (verdict.dataset.shown === text) return;
	verdict.dataset.shown = text;
	const nodes = [];
	parts.forEach(([words, names], i) => {
		nodes.push((i ? ' · ' : '') + words + (names.length ? ': ' : ''));
		names.slice(0, NAMED).forEach((name, j) => {
			const link = element('a', '', name);
			link.href = '#actor-' + encodeURIComponent(name);
			link.addEventListener('click', (event) => {
				event.preventDefault();
				reveal(name);
			});
			nodes.push(...(j ? [', ', link] : [link]));
		});
		if (names.length > NAMED) nodes.push(' and ' + number(names.length - NAMED) + ' more');
	});
	verdict.replaceChildren(...nodes);
}

function showSummary(group) {
	const named = (test) => [...rows.values()].filter((row) => test(row.meaning)).map((row) => row.name);
	const bad = named((meaning) => meaning.look === 'bad');
	const stopped = named((meaning) => meaning.words === 'stopped' || meaning.words === 'stopping');
	const groups = [...boxes.values()].filter((box) => box.name && TROUBLE.includes(box.meaning.look));
	const state = String(group.state ?? '').toUpperCase();
	const parts = [];
	if (state === 'STOPPING' || state === 'STOPPED') parts.push(['The group is ' + state.toLowerCase(), []]);
	for (const box of groups) parts.push(['Group ' + box.name + ' is ' + box.meaning.words, []]);
	if (bad.length) parts.push([count(bad.length, 'actor is failing', 'actors are failing'), bad]);
	if (stopped.length) parts.push([number(stopped.length) + ' stopped', stopped]);
	const fine = !parts.length;
	const isBad = bad.length || boxes.get('').meaning.look === 'bad' || groups.some((box) => box.meaning.look === 'bad');
	if (fine) parts.push(rows.size ? ['All ' + count(rows.size, 'actor is', 'actors are') + ' well', []] : ['There are no actors', []]);
	showVerdict(parts, isBad ? 'bad' : fine ? 'good' : 'late');
	document.title = (bad.length ? '✖ ' + bad.length + ' failing' : fine ? '● well' : '■ ' + parts[0][0]) + ' – actors';
	show($('note'), 'Answer of ' + new Date(now()).toLocaleTimeString('sv') + ', asked again every second or when there is time.'
		+ (CONTROLS ? '' : ' Read-only: management.endpoint.actors.access=unrestricted lets this page stop, start and restart actors.'));
}

const breathe = () => new Promise((resolve) => { setTimeout(resolve); });

async function showAll(answer) {
	const actors = Object.entries(answer.actors ?? {});
	const names = new Set(actors.map(([name]) => name));
	for (const [name, row] of rows) {
		if (names.has(name)) continue;
		toggle(row, false);
		row.node.remove();
		rows.delete(name);
	}
	let began = performance.now();
	const members = new Map([['', []], ...Object.keys(answer.groups ?? {}).map((name) => [name, []])]);
	for (const [name, actor] of actors) {
		const row = showActor(name, actor, answer.groups?.[actor.group]);
		if (!members.has(row.group)) members.set(row.group, []);
		members.get(row.group).push(row);
		if (performance.now() - began > SLICE) {
			await breathe();
			began = performance.now();
		}
	}
	for (const [name, box] of boxes) {
		if (members.has(name)) continue;
		box.node.remove();
		boxes.delete(name);
	}
	for (const [name, list] of members) {
		const box = boxOf(name);
		box.rows = list;
		const group = name === '' ? answer.group ?? {} : answer.groups?.[name] ?? {};
		box.title = name || group.name;
		showBox(box, group);
	}
	place();
	const groups = [...boxes.values()].map((box) => box.title);
	$('filter-group-label').hidden = groups.length < 2;
	options($('filter-group'), groups, 'any');
	options($('filter-state'), ['in trouble', ...STATES], 'any');
	$('filter').hidden = rows.size === 0;
	filter();
	showSummary(answer.group ?? {});
	showNews();
}

function tick() {
	if (!connected && lastAnswer !== null) show($('lost').lastChild, lostFor());
	for (const row of rows.values()) if (row.actor) tickRow(row);
}

const lostFor = () => ' What is shown is ' + span(Date.now() - lastAnswer) + ' old.';

function setConnected(problem) {
	const lost = $('lost');
	connected = !problem;
	document.body.classList.toggle('lost', !connected);
	if (connected) {
		lost.replaceChildren();
		return;
	}
	if (lost.firstChild?.textContent !== problem) {
		lost.replaceChildren(element('span', '', problem), element('span', '', ''));
		// the age changes each second: not to be read aloud each second
		lost.lastChild.setAttribute('aria-hidden', 'true');
	}
	document.title = '✖ no connection – actors';
	if (lastAnswer === null) showVerdict([['Nothing is known', []]], 'none');
	delete $('verdict').dataset.look;
	for (const it of [...rows.values(), ...boxes.values()]) {
		it.json = null;
		for (const button of it.buttons) attribute(button, 'aria-disabled', 'true');
	}
}

// --- the application

async function call(address, options) {
	const sent = Date.now();
	const response = await fetch(address, { ...options, cache: 'no-store', signal: AbortSignal.timeout(GIVE_UP_AFTER) });
	const date = Date.parse(response.headers.get('Date'));
	if (!Number.isNaN(date)) {
		// whole seconds are all that the header has: smaller differences are not worth a correction
		const skew = date + 500 - (sent + Date.now()) / 2;
		clockSkew = Math.abs(skew) > 2000 ? skew : 0;
	}
	return response;
}

const isJson = (response) => (response.headers.get('Content-Type') ?? '').includes('json');

let polling = null;

function poll() {
	polling ??= pollOnce().finally(() => { polling = null; });
	return polling;
}

// For the login page of Spring Security: a script wants a status, no redirect.
const XHR = { 'X-Requested-With': 'XMLHttpRequest' };

async function pollOnce() {
	let answer;
	try {
		const response = await call(OWN, { headers: { ...XHR, Accept: 'application/json' } });
		if (response.ok && isJson(response)) {
			answer = await response.json();
		}
		else if (response.ok || response.status === 401) {
			setConnected('The application no longer knows who you are. Reload the page to log in again.');
		}
		else {
			setConnected('The application answers ' + response.status + ' in place of its actors. Trying again every second.');
		}
	}
	catch (error) {
		setConnected('No connection to the application. Trying again every second.');
	}
	if (!answer) return;
	lastAnswer = Date.now();
	connected = true;
	try {
		await showAll(answer);
		setConnected(null);
	}
	catch (error) {
		setConnected('The answer of the application cannot be shown: ' + error);
	}
}

async function whyNot(response) {
	const { status } = response;
	if (response.redirected || status === 401) return 'you are not logged in any more. Reload the page.';
	if (status === 403) {
		return 'the application answers 403: you may not do this, or '
			+ (PAGE.csrfToken ? 'your session is no longer that of this page. Reload it and try again.'
				: 'its protection against cross-site requests (CSRF) wants a token that this page was not given.');
	}
	if (isJson(response)) {
		const { message } = await response.json();
		if (message) return String(message);
	}
	return 'the application answers ' + status
		+ ([404, 405].includes(status) ? '. Is the endpoint read-only by now (management.endpoint.actors.access)?' : '.');
}

async function send(name, action) {
	const answer = $('answer');
	answer.className = '';
	show(answer, 'Asking ' + name + ' to ' + action + ' …');
	try {
		const response = await call(OWN.replace(/\/+$/, '') + '/' + encodeURIComponent(name), {
			method: 'POST', body: JSON.stringify({ action }), headers: { ...XHR, 'Content-Type': 'application/json',
				...(PAGE.csrfHeader ? { [PAGE.csrfHeader]: PAGE.csrfToken } : {}) }
		});
		if (response.ok && !response.redirected) {
			show(answer, name + ' was asked to ' + action + ' at ' + new Date(now()).toLocaleTimeString('sv') + '.');
		}
		else {
			answer.className = 'bad';
			show(answer, name + ' was not asked to ' + action + ': ' + await whyNot(response));
		}
	}
	catch (error) {
		answer.className = 'bad';
		show(answer, 'Nobody knows whether ' + name + ' was asked to ' + action + ': the connection broke.');
	}
	await polling;
	await poll();
}

async function pollForEver() {
	const began = performance.now();
	await poll();
	// a slow answer, or one of many actors, takes at most a fifth of the time
	setTimeout(pollForEver, document.hidden ? POLL_UNSEEN : Math.max(POLL_EVERY, 4 * (performance.now() - began)));
}

document.body.classList.toggle('read-only', !CONTROLS);
document.querySelector('h1').textContent = 'Actors of ' + location.host;
for (const event of ['pointermove', 'pointerdown']) {
	$('groups').addEventListener(event, () => { pointerMoved = performance.now(); });
}
$('filter').addEventListener('input', filter);
document.addEventListener('visibilitychange', () => { if (!document.hidden) poll(); });
pollForEver();
setInterval(tick, 1000);
