#include "mailertable/directory/connection.h"

#include <ldap.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <utility>

#include "mailertable/directory/time_limit.h"
#include "mailertable/routes/sync_message.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

/// A PDU may be no longer: its length is on the wire before it, and libldap allocates as much.
ber_len_t most_incoming = 4U << 20;
/// Seconds: a line that is cut shall be noticed by the kernel before the next sign of life.
int keepalive_idle = 10;
int keepalive_probes = 3;
int keepalive_interval = 3;
constexpr int kStalledSeconds = 2;

struct FreeMessage {
  void operator()(LDAPMessage* message) const { ::ldap_msgfree(message); }
};
using Owned = std::unique_ptr<LDAPMessage, FreeMessage>;

struct FreeControls {
  void operator()(LDAPControl** controls) const { ::ldap_controls_free(controls); }
};
using OwnedControls = std::unique_ptr<LDAPControl*, FreeControls>;

timeval timeval_of(std::chrono::milliseconds time) {
  return {time.count() / 1000, static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

std::string string_of(const berval& value) {
  return value.bv_val == nullptr ? "" : std::string(value.bv_val, value.bv_len);
}

// libldap reads without a limit once a message has begun to come. With these it comes back to us. The limit
// to connecting has done its work: from here on it would have GnuTLS turn in circles.
int on_connected(LDAP* handle, Sockbuf* buffer, LDAPURLDesc* /*url*/, sockaddr* /*address*/,
                 ldap_conncb* /*context*/) {
  ::ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, nullptr);
  ber_socket_t fd = -1;
  if (::ber_sockbuf_ctrl(buffer, LBER_SB_OPT_GET_FD, &fd) != 1) return 0;
  TimeLimit::watch(fd);
  const timeval stalled{kStalledSeconds, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &stalled, sizeof stalled);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stalled, sizeof stalled);
  return 0;
}

void on_closing(LDAP* /*handle*/, Sockbuf* /*buffer*/, ldap_conncb* /*context*/) {}

/// Takes an entry apart; false if it is malformed.
bool read_entry(LDAP* handle, LDAPMessage* message, DirectoryEntry& entry) {
  BerElement* cursor = nullptr;
  berval name{};
  if (::ldap_get_dn_ber(handle, message, &cursor, &name) != LDAP_SUCCESS) return false;
  entry.dn = string_of(name);
  bool is_whole = true;
  while (true) {
    BerVarray values = nullptr;
    is_whole = ::ldap_get_attribute_ber(handle, message, cursor, &name, &values) == LDAP_SUCCESS;
    if (!is_whole || name.bv_val == nullptr) break;
    auto& into = entry.attributes[base::ascii_lower(string_of(name))];
    for (const berval* value = values; value != nullptr && value->bv_val != nullptr; ++value)
      into.push_back(string_of(*value));
    ::ber_memfree(values);
  }
  ::ber_free(cursor, 0);
  return is_whole;
}

std::string text_of(LDAP* handle, int code) {
  std::string text = ::ldap_err2string(code);
  char* said = nullptr;
  ::ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
  // Of TLS libldap often knows no more than that.
  const bool is_news = said != nullptr && *said != '\0' && std::string_view(said) != "(unknown error code)";
  if (is_news) text += " (" + base::escaped(said, 200) + ')';
  ::ldap_memfree(said);
  return text;
}

/// Fills `into` from the end of an operation; false if it is malformed.
bool read_end(LDAP* handle, LDAPMessage* message, ServerMessage& into) {
  char* said = nullptr;
  const int rc = ::ldap_parse_result(handle, message, &into.code, nullptr, &said, nullptr, nullptr, 0);
  into.text = ::ldap_err2string(into.code);
  if (said != nullptr && *said != '\0') into.text += " (" + base::escaped(said, 200) + ')';
  ::ldap_memfree(said);
  return rc == LDAP_SUCCESS;
}

bool read_information(LDAP* handle, LDAPMessage* message, ServerMessage& into) {
  char* oid = nullptr;
  berval* value = nullptr;
  const int rc = ::ldap_parse_intermediate(handle, message, &oid, &value, nullptr, 0);
  if (oid != nullptr && std::string_view(oid) == kSyncInfoOid && value != nullptr)
    into.value = string_of(*value);
  ::ldap_memfree(oid);
  ::ber_bvfree(value);
  return rc == LDAP_SUCCESS;
}

void read_state(LDAP* handle, LDAPMessage* message, ServerMessage& into) {
  LDAPControl** controls = nullptr;
  if (::ldap_get_entry_controls(handle, message, &controls) != LDAP_SUCCESS || controls == nullptr) return;
  const OwnedControls owned(controls);
  const LDAPControl* found = ::ldap_control_find(kSyncStateOid, controls, nullptr);
  if (found != nullptr) into.sync_state = string_of(found->ldctl_value);
}

bool read_message(LDAP* handle, LDAPMessage* message, ServerMessage& into) {
  into.id = ::ldap_msgid(message);
  switch (::ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
      into.kind = ServerMessage::Kind::kEntry;
      read_state(handle, message, into);
      return read_entry(handle, message, into.entry);
    case LDAP_RES_SEARCH_REFERENCE: {
      into.kind = ServerMessage::Kind::kReference;
      char** references = nullptr;
      ::ldap_parse_reference(handle, message, &references, nullptr, 0);
      if (references != nullptr && *references != nullptr) into.value = *references;
      ::ldap_memvfree(reinterpret_cast<void**>(references));
      return true;
    }
    case LDAP_RES_INTERMEDIATE:
      into.kind = ServerMessage::Kind::kInformation;
      return read_information(handle, message, into);
    default:
      into.kind = ServerMessage::Kind::kDone;
      return read_end(handle, message, into);
  }
}

}  // namespace

void Connection::Close::operator()(ldap* handle) const {
  ::ldap_unbind_ext(handle, nullptr, nullptr);
}

base::Error Connection::failure(const std::string& what, int code) const {
  return {what + ": " + text_of(handle_.get(), code)};
}

base::Result<Connection> Connection::open(const Access& access, const std::string& url) {
  LDAP* handle = nullptr;
  if (const int rc = ::ldap_initialize(&handle, url.c_str()); rc != LDAP_SUCCESS)
    return base::Error{base::escaped(url, 200) + ": " + ::ldap_err2string(rc)};
  // Connecting has a limit of its own, and so has the answer to a bind: this one is for what is between them.
  const TimeLimit limit(2 * access.timeout);
  Connection connection(access, handle);
  const bool with_tls = url.starts_with("ldaps:") || (access.start_tls && url.starts_with("ldap:"));
  auto done = connection.set_options(with_tls);
  if (done && access.start_tls && url.starts_with("ldap:")) done = connection.secure();
  if (done) done = connection.bind();
  if (done) return connection;
  base::Error error = base::with_context(base::escaped(url, 200), done.error());
  if (TimeLimit::is_over())
    error.message += ": no more than that came in " + std::to_string(2 * access.timeout.count()) + " seconds";
  else if (with_tls && !connection.is_secured_)
    error.message += "; if it runs, is its certificate by one of those in " + access.ca_file +
                     ", in time, and for the name in the URL?";
  return error;
}

base::Result<void> Connection::set_options(bool with_tls) {
  static ldap_conncb callbacks{on_connected, on_closing, nullptr};
  LDAP* const handle = handle_.get();
  const int version = LDAP_VERSION3;
  const timeval patience = timeval_of(access_->timeout);
  Sockbuf* buffer = nullptr;
  bool ok = ::ldap_get_option(handle, LDAP_OPT_SOCKBUF, &buffer) == LDAP_SUCCESS && buffer != nullptr &&
            ::ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &most_incoming) == 1;
  for (const auto& [option, value] : std::initializer_list<std::pair<int, const void*>>{
           {LDAP_OPT_PROTOCOL_VERSION, &version},
           {LDAP_OPT_NETWORK_TIMEOUT, &patience},
           {LDAP_OPT_TIMEOUT, &patience},
           {LDAP_OPT_REFERRALS, LDAP_OPT_OFF},
           {LDAP_OPT_RESTART, LDAP_OPT_ON},
           {LDAP_OPT_CONNECT_CB, &callbacks},
           {LDAP_OPT_X_KEEPALIVE_IDLE, &keepalive_idle},
           {LDAP_OPT_X_KEEPALIVE_PROBES, &keepalive_probes},
           {LDAP_OPT_X_KEEPALIVE_INTERVAL, &keepalive_interval}})
    ok = ::ldap_set_option(handle, option, value) == LDAP_OPT_SUCCESS && ok;
  if (!ok) return base::Error{"libldap refuses an option; is it older than 2.5?"};
  if (!with_tls) return {};
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  const int client = 0;
  ok = ::ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
       ::ldap_set_option(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest) == LDAP_OPT_SUCCESS &&
       ::ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, access_->ca_file.c_str()) == LDAP_OPT_SUCCESS;
  if (ok && !access_->certificate_file.empty())
    ok = ::ldap_set_option(handle, LDAP_OPT_X_TLS_CERTFILE, access_->certificate_file.c_str()) ==
             LDAP_OPT_SUCCESS &&
         ::ldap_set_option(handle, LDAP_OPT_X_TLS_KEYFILE, access_->key_file.c_str()) == LDAP_OPT_SUCCESS;
  if (ok) ok = ::ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS;
  if (!ok)
    return base::Error{"TLS cannot be set up: is " + access_->ca_file +
                       (access_->certificate_file.empty() ? "" : ", " + access_->certificate_file) +
                       " there, and in PEM? A service sees neither /root nor /home"};
  return {};
}

base::Result<void> Connection::secure() {
  int id = 0;
  const int rc = ::ldap_start_tls(handle_.get(), nullptr, nullptr, &id);
  const auto asked = started(rc, id, "cannot connect");
  if (!asked) return asked.error();
  const auto end = await(*asked, "StartTLS");
  if (!end) return end.error();
  if (end->code != LDAP_SUCCESS) return base::Error{"StartTLS: " + end->text};
  const int installed = ::ldap_install_tls(handle_.get());
  if (installed != LDAP_SUCCESS) return failure("the server has not proved itself by TLS", installed);
  return {};
}

base::Result<void> Connection::bind() {
  std::string password;
  if (!access_->password_file.empty()) {
    auto read = read_password(*access_);
    if (!read) return read.error();
    password = *std::move(read);
  }
  berval credentials{password.size(), password.data()};
  int id = 0;
  const int rc = ::ldap_sasl_bind(handle_.get(), access_->sasl_external ? nullptr : access_->bind_dn.c_str(),
                                  access_->sasl_external ? "EXTERNAL" : LDAP_SASL_SIMPLE, &credentials,
                                  nullptr, nullptr, &id);
  const auto asked = started(rc, id, "cannot connect");
  if (!asked) return asked.error();
  is_secured_ = true;
  const auto end = await(*asked, "bind");
  if (!end) return end.error();
  if (end->code == LDAP_SUCCESS) return {};
  const std::string who = access_->sasl_external     ? "SASL EXTERNAL"
                          : access_->bind_dn.empty() ? "nobody"
                                                     : base::escaped(access_->bind_dn, 200);
  return base::Error{"the server does not let in " + who + ": " + end->text};
}

base::Result<int> Connection::started(int code, int id, const std::string& what) {
  if (code != LDAP_SUCCESS) return failure(what, code);
  return id;
}

base::Result<ServerMessage> Connection::await(int id, const std::string& what) {
  const auto deadline = std::chrono::steady_clock::now() + access_->timeout;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return base::Error{what + ": no answer in " + std::to_string(access_->timeout.count()) + " seconds"};
    auto message = next(left);
    if (!message) return base::with_context(what, message.error());
    if (message->has_value() && (*message)->id == id && (*message)->kind == ServerMessage::Kind::kDone)
      return **std::move(message);
  }
}

base::Result<int> Connection::search(bool synced) {
  // Everything that compile_entries() looks at.
  static constexpr std::array<const char*, 14> kAttributes{"objectClass",
                                                           "tsmtpSiteName",
                                                           "tsmtpDomain",
                                                           "tsmtpRouteKey",
                                                           "tsmtpRouteValue",
                                                           "sendmailMTAMapName",
                                                           "sendmailMTACluster",
                                                           "sendmailMTAHost",
                                                           "sendmailMTAKey",
                                                           "sendmailMTAMapValue",
                                                           "sendmailMTAMapURL",
                                                           "sendmailMTAMapSearch",
                                                           nullptr,
                                                           nullptr};
  auto attributes = kAttributes;
  LDAPControl sync{const_cast<char*>(kSyncRequestOid),
                   {kRefreshAndPersist.size(), const_cast<char*>(kRefreshAndPersist.data())},
                   1};
  std::array<LDAPControl*, 2> controls{&sync, nullptr};
  int id = 0;
  const int rc = ::ldap_search_ext(handle_.get(), access_->base.c_str(), LDAP_SCOPE_SUBTREE,
                                   access_->filter.c_str(), const_cast<char**>(attributes.data()), 0,
                                   synced ? controls.data() : nullptr, nullptr, nullptr, LDAP_NO_LIMIT, &id);
  return started(rc, id, "cannot search");
}

base::Result<int> Connection::ask_for_a_sign_of_life() {
  std::array<char*, 2> none{const_cast<char*>(LDAP_NO_ATTRS), nullptr};
  int id = 0;
  const int rc = ::ldap_search_ext(handle_.get(), "", LDAP_SCOPE_BASE, "(objectClass=*)", none.data(), 0,
                                   nullptr, nullptr, nullptr, LDAP_NO_LIMIT, &id);
  return started(rc, id, "cannot ask");
}

void Connection::abandon(int id) {
  ::ldap_abandon_ext(handle_.get(), id, nullptr, nullptr);
}

base::Result<std::optional<ServerMessage>> Connection::next(std::chrono::milliseconds wait) {
  timeval patience = timeval_of(wait);
  LDAPMessage* message = nullptr;
  const int type = ::ldap_result(handle_.get(), LDAP_RES_ANY, LDAP_MSG_ONE, &patience, &message);
  const Owned owned(message);
  if (type == 0) return std::optional<ServerMessage>();
  if (type < 0 || message == nullptr) {
    int code = LDAP_SERVER_DOWN;
    ::ldap_get_option(handle_.get(), LDAP_OPT_RESULT_CODE, &code);
    if (code == LDAP_SUCCESS) code = LDAP_SERVER_DOWN;
    return failure("the connection is lost", code);
  }
  ServerMessage said;
  if (!read_message(handle_.get(), message, said))
    return base::Error{"the server sent a message that is no LDAP"};
  return std::optional(std::move(said));
}

}  // namespace tsmtp::mailertable
