#!/usr/bin/env bash
# Writes prometheus-rule.yaml from ../prometheus/alerts.yaml. A test compares them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

{
    cat <<'HEAD'
# Made by update.sh from ../prometheus/alerts.yaml: the same alerts for the Prometheus operator.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: smm-agent
  namespace: smm-dashboard
  labels:
    app.kubernetes.io/name: smm-agent
    app.kubernetes.io/part-of: smm-agent
spec:
HEAD
    sed -n '/^groups:/,$ { s/^./  &/; p; }' ../prometheus/alerts.yaml
} >prometheus-rule.yaml
