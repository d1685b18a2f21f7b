#!/usr/bin/env python3
"""Alert rules, dashboard and documents agree, and each fault fires its own alert.

    check.py TREE [PROMTOOL]

Every alert has a fault in faults.py, a section in docs/alerts.md that its runbook_url leads to, and only metrics of docs/metrics.md; so has
the dashboard. With promtool each fault is a day of series: it fires exactly the alerts that it names, and a healthy day fires none.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import faults


class Rules:
    """The alerts of a file whose form is that of contrib/prometheus/tsmtp.rules.yml: name, expression, everything."""

    def __init__(self, text):
        self.blocks = {}
        for block in re.split(r'\n      - alert: ', text)[1:]:
            name, _, rest = block.partition('\n')
            self.blocks[name.strip()] = rest

    def expression(self, name):
        return re.search(r'expr:(.*?)\n        (?:for|labels):', self.blocks[name], re.S).group(1)


def metrics_in(text):
    # What is a suffix of a histogram is no name of its own.
    return {re.sub(r'_(bucket|sum|count)$', '', name) for name in re.findall(r'\btsmtp_[a-z_]+', text)}


def sections(document):
    return {re.sub(r'[^a-z0-9 -]', '', line[3:].lower()).replace(' ', '-') for line in document.splitlines() if line.startswith('## ')}


def documents_agree(tree):
    rules = Rules((tree / 'contrib/prometheus/tsmtp.rules.yml').read_text())
    known = set(re.findall(r'^\| `(tsmtp_[a-z_]+)`', (tree / 'docs/metrics.md').read_text(), re.M))
    there = sections((tree / 'docs/alerts.md').read_text())
    wrong = []
    for name, block in rules.blocks.items():
        for unknown in metrics_in(rules.expression(name)) - known:
            wrong.append(f'{name}: docs/metrics.md has no {unknown}')
        for part in ('severity: ', 'summary: ', 'description: '):
            if part not in block:
                wrong.append(f'{name}: has no {part}')
        url = re.search(r'runbook_url: (\S+)', block)
        if not url or not url.group(1).endswith(f'alerts.md#{name.lower()}') or name.lower() not in there:
            wrong.append(f'{name}: its runbook_url leads to no section of docs/alerts.md')
        if name not in {alert for fault in faults.FAULTS for alert in fault.alerts}:
            wrong.append(f'{name}: no fault in tests/alerts/faults.py fires it')
    for section in sorted(there - {name.lower() for name in rules.blocks}):
        if section.startswith('tsmtp'):
            wrong.append(f'docs/alerts.md: there is no alert for the section {section}')
    dashboard = (tree / 'contrib/grafana/tsmtp.json').read_text()
    for panel in json.loads(dashboard)['panels']:
        if panel['type'] != 'row' and not panel.get('targets'):
            wrong.append(f'contrib/grafana/tsmtp.json: panel "{panel["title"]}" asks for nothing')
    for unknown in metrics_in(dashboard) - known:
        wrong.append(f'contrib/grafana/tsmtp.json: docs/metrics.md has no {unknown}')
    for unknown in {metric for series in faults.HEALTHY for metric in metrics_in(series)} - known:
        wrong.append(f'tests/alerts/faults.py: docs/metrics.md has no {unknown}')
    return wrong


def yaml(value):
    return json.dumps(value)  # which YAML reads too


def unit_test(rules, fault):
    """One test of promtool: the series of the fault's day, and the alerts that have fired by its end."""
    series = dict(faults.HEALTHY)
    series.update(fault.series)
    # Each alert once, whatever its labels, however long it has been firing.
    fired = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1d]))'
    expected = [{'labels': f'{{alertname="{alert}"}}', 'value': fault.times.get(alert, 1)} for alert in sorted(fault.alerts)]
    return {'name': fault.name, 'interval': '1m',
            'input_series': [{'series': name, 'values': values} for name, values in series.items() if values],
            'promql_expr_test': [{'expr': fired, 'eval_time': '24h', 'exp_samples': expected}]}


def faults_fire(tree, promtool):
    rules = tree / 'contrib/prometheus/tsmtp.rules.yml'
    tests = [unit_test(rules, fault) for fault in [faults.NO_FAULT, *faults.FAULTS]]
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / 'tests.yml'
        file.write_text(yaml({'rule_files': [str(rules.resolve())], 'evaluation_interval': '5m', 'tests': tests}))
        for command in (['check', 'rules', str(rules)], ['test', 'rules', str(file)]):
            done = subprocess.run([promtool, *command], capture_output=True, text=True)
            if done.returncode != 0:
                return [done.stdout + done.stderr]
    # A page on which all is told that there is, as unit tests hold it.
    page = (tree / 'tests/unit/control/golden/metrics.txt').read_text()
    done = subprocess.run([promtool, 'check', 'metrics'], input=page, capture_output=True, text=True)
    if done.returncode != 0:
        return [done.stdout + done.stderr]
    print(f'{len(faults.FAULTS)} faults fire their alerts, and a healthy day fires none')
    return []


def main():
    tree = pathlib.Path(sys.argv[1])
    wrong = documents_agree(tree)
    if len(sys.argv) > 2:
        wrong += faults_fire(tree, sys.argv[2])
    print('\n'.join(wrong), end='\n' if wrong else '')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
