#!/bin/bash
# The stand-in's start: settings, capture rules, then the agent as istio-proxy. "clean" only removes the rules.
set -eu

set -a
ISTIO_SIDECAR_CONFIG=${ISTIO_SIDECAR_CONFIG:-/var/lib/istio/envoy/sidecar.env}
# shellcheck disable=SC1090 # what an operator has written
if [ -r "$ISTIO_SIDECAR_CONFIG" ]; then . "$ISTIO_SIDECAR_CONFIG"; fi
ISTIO_CLUSTER_CONFIG=${ISTIO_CLUSTER_CONFIG:-/var/lib/istio/envoy/cluster.env}
# shellcheck disable=SC1090 # what the agent under test has written
if [ -r "$ISTIO_CLUSTER_CONFIG" ]; then . "$ISTIO_CLUSTER_CONFIG"; fi
set +a

if [ "${ISTIO_CUSTOM_IP_TABLES:-}" != true ]; then
    /usr/local/bin/pilot-agent istio-clean-iptables
    [ "${1:-}" != clean ] || exit 0
    /usr/local/bin/pilot-agent istio-iptables
fi
[ "${1:-}" != clean ] || exit 0

export ISTIO_SVC_IP="${ISTIO_SVC_IP:-$(hostname --all-ip-addresses | cut -d ' ' -f 1)}"
export INSTANCE_IP="$ISTIO_SVC_IP" POD_NAMESPACE="${POD_NAMESPACE:-${ISTIO_NAMESPACE:-default}}" POD_NAME="${POD_NAME:-$(hostname -s)}"
export PROV_CERT="${PROV_CERT-/etc/certs}" OUTPUT_CERTS="${OUTPUT_CERTS-/etc/certs}"
# With TPROXY only root may listen for what was going elsewhere.
user=istio-proxy
[ "${ISTIO_INBOUND_INTERCEPTION_MODE:-}" != TPROXY ] || user=root
exec su -s /bin/bash -c "exec /usr/local/bin/pilot-agent proxy --serviceCluster=${ISTIO_SERVICE:-rawvm} \
    >/var/log/istio/istio.log 2>/var/log/istio/istio.err.log" "$user"
