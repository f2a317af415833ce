# shellcheck shell=sh
getent group istio-proxy >/dev/null || groupadd --system istio-proxy
getent passwd istio-proxy >/dev/null || useradd --system --gid istio-proxy --home-dir /var/lib/istio istio-proxy
[ -e /etc/istio ] || ln -s /var/lib/istio /etc/istio
mkdir -p /var/lib/istio/envoy /var/lib/istio/proxy /var/lib/istio/config /var/lib/istio/stand-in /var/log/istio /etc/certs
touch /var/lib/istio/config/mesh /var/lib/istio/stand-in/calls
chmod 2755 /usr/local/bin/envoy /usr/local/bin/pilot-agent
chown istio-proxy:istio-proxy /var/lib/istio/envoy /var/lib/istio/proxy /var/lib/istio/config /var/lib/istio/config/mesh \
    /var/lib/istio/stand-in /var/lib/istio/stand-in/calls /var/log/istio /etc/certs
