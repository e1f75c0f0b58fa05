#!/usr/bin/env bash
# Sets up a headless Chromium whose WebGPU adapter offers shader-f16 on a machine without a GPU (Debian 12 or later, root).
# Result: two wrappers to use as the browser's executable (default PREFIX: /opt/f16-chromium): $PREFIX/chromium, and
# $PREFIX/chromium-fp32, the same without shader-f16, several times as fast as the stock Chromium's SwiftShader.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
prefix=${PREFIX:-/opt/f16-chromium}
export DEBIAN_FRONTEND=noninteractive

installed() { dpkg -s "$@" >/dev/null 2>&1; }
recent_mesa() { [[ $(dpkg-query -W -f='${Version}' mesa-vulkan-drivers 2>/dev/null) =~ ^(2[5-9]|[3-9][0-9])\. ]]; }

packages=(chromium gcc libc6-dev libvulkan-dev)
if ! installed "${packages[@]}"; then
  apt-get update -qq
  apt-get install -y -qq "${packages[@]}" >/dev/null
fi

# llvmpipe of Mesa 25: Debian 12's own 22.3 fails in Dawn, so it comes from bookworm-backports there.
if ! recent_mesa; then
  . /etc/os-release
  target=()
  if [ "$VERSION_ID" = 12 ]; then
    mirror=$(sed -n 's/^URIs: *\(.*\/debian\)\/*$/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1 || true)
    printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
      "${mirror:-http://deb.debian.org/debian}" > /etc/apt/sources.list.d/backports.sources
    target=(-t bookworm-backports)
  fi
  apt-get update -qq
  apt-get install -y -qq "${target[@]}" mesa-vulkan-drivers >/dev/null
  recent_mesa || { echo "mesa-vulkan-drivers 25 or later could not be installed" >&2; exit 1; }
fi

mkdir -p "$prefix/layer"
gcc -shared -fPIC -O2 -o "$prefix/layer/libspoof_swiftshader_id.so" "$here/layer.c"
cat > "$prefix/layer/spoof_swiftshader_id.json" <<JSON
{ "file_format_version": "1.1.2",
  "layer": { "name": "VK_LAYER_spoof_swiftshader_id", "type": "GLOBAL", "library_path": "$prefix/layer/libspoof_swiftshader_id.so",
    "api_version": "1.3.0", "implementation_version": "1", "description": "llvmpipe under SwiftShader's ids",
    "functions": { "vkGetInstanceProcAddr": "spoof_GetInstanceProcAddr" },
    "enable_environment": { "SPOOF_SWIFTSHADER_ID": "1" }, "disable_environment": { "NO_SPOOF_SWIFTSHADER_ID": "1" } } }
JSON
mkdir -p /etc/vulkan/implicit_layer.d
ln -sf "$prefix/layer/spoof_swiftshader_id.json" /etc/vulkan/implicit_layer.d/spoof_swiftshader_id.json

# Chromium lists its own SwiftShader first: run a copy without it. Without the two last switches pages hang under load.
rm -rf "$prefix/browser"
cp -r /usr/lib/chromium "$prefix/browser"
rm -f "$prefix/browser"/libvk_swiftshader.so "$prefix/browser"/vk_swiftshader_icd.json
cat > "$prefix/chromium" <<SH
#!/bin/sh
export SPOOF_SWIFTSHADER_ID=1 VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.json
exec "$prefix/browser/chromium" --use-angle=vulkan --use-vulkan=native --enable-features=Vulkan --enable-unsafe-webgpu --ignore-gpu-blocklist --disable-gpu-compositing --disable-gpu-rasterization "\$@"
SH
cat > "$prefix/chromium-fp32" <<SH
#!/bin/sh
export HIDE_SHADER_F16=1
exec "$prefix/chromium" "\$@"
SH
chmod +x "$prefix/chromium" "$prefix/chromium-fp32"
echo "$prefix/chromium"
