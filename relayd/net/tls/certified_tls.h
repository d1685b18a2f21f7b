// TLS to a server that is known by its certificate, its name and a CA: etcd, never a hub, which is known by
// its pin (tls_context.h). TLS 1.2 or later; a server that is not verified gets not a byte.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <string>

#include "relayd/base/result.h"

namespace tsmtp::net {

/// PEM files. `ca` empty: the system's CAs. `certificate` empty: we show none.
struct CertifiedTlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

using CertifiedTlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

/// Reads the files anew: a certificate that was renewed needs no restart. Blocks as long as that takes.
[[nodiscard]] base::Result<std::shared_ptr<boost::asio::ssl::context>> certified_tls(
    const CertifiedTlsFiles& files);

/// To be called before the handshake: the certificate must be for `host`, a name or an address.
[[nodiscard]] base::Result<void> expect_server(CertifiedTlsStream& stream, const std::string& host);

/// Why a handshake, or what came right after it, failed: goes on behind the server's name.
[[nodiscard]] std::string why_tls_failed(CertifiedTlsStream& stream, const boost::system::error_code& error);

}  // namespace tsmtp::net
