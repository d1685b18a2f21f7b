#include "relayd/net/ledger/ledger_lender.h"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/ledger/news.h"

namespace tsmtp::net {

namespace asio = boost::asio;
using boost::system::error_code;

LedgerLender::LedgerLender(const asio::any_io_executor& executor, base::Descriptor socket, Write write)
    : socket_(executor), write_(std::move(write)) {
  error_code ignored;
  socket_.assign(asio::local::stream_protocol(), socket.get(), ignored);
  if (!ignored) (void)socket.release();
}

void LedgerLender::stop() {
  stopped_ = true;
  error_code ignored;
  socket_.close(ignored);
}

void LedgerLender::read_header() {
  asio::async_read(socket_, asio::buffer(header_),
                   [self = shared_from_this()](const error_code& error, std::size_t) {
                     if (error || self->stopped_) return self->stop();
                     const std::string_view header(self->header_.data(), self->header_.size());
                     const std::size_t size = base::get_u32(header);
                     if (size > kMaxBatchBytes) return self->stop();
                     self->body_.resize(size);
                     self->read_changes();
                   });
}

void LedgerLender::read_changes() {
  asio::async_read(socket_, asio::buffer(body_),
                   [self = shared_from_this()](const error_code& error, std::size_t) {
                     if (error || self->stopped_) return self->stop();
                     const std::string_view header(self->header_.data(), self->header_.size());
                     const std::uint32_t number = base::get_u32(header.substr(4));
                     auto changes = ledger::parse_changes(self->body_);
                     if (!changes) return self->stop();
                     self->write_(std::move(*changes), [self, number](const base::Result<void>& result) {
                       self->answer(number, result ? std::string() : result.error().message);
                     });
                   });
}

// The other one waits for each answer before it asks again.
void LedgerLender::answer(std::uint32_t number, const std::string& trouble) {
  if (stopped_) return;
  std::string bytes;
  base::put_u32(bytes, number);
  const auto text = std::string_view(trouble).substr(0, kMaxTroubleBytes);
  base::put_u32(bytes, static_cast<std::uint32_t>(text.size()));
  bytes += text;
  const auto kept = std::make_shared<const std::string>(std::move(bytes));
  asio::async_write(socket_, asio::buffer(*kept),
                    [self = shared_from_this(), kept](const error_code& error, std::size_t) {
                      if (error || self->stopped_) return self->stop();
                      self->read_header();
                    });
}

}  // namespace tsmtp::net
