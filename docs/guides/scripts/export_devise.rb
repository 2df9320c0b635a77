# frozen_string_literal: true

# Exports Devise accounts as JSON lines for `vestibule user import`.
#
#     OUT=users.jsonl bin/rails runner export_devise.rb
#
# Settings are environment variables, because `rails runner` has options of its own:
#
#   OUT         the output file; must not exist (users.jsonl)
#   MODEL       the model (User)
#   ADMIN       a method that returns true for administrators, such as admin?
#   USERNAME    a column with usernames
#   LANGUAGE    a column with en, de or ar
#   IDS_FROM    for ids that are not UUIDs: prefix of the old id to compute one from
#   UNCONFIRMED keep, no-password or skip: treatment of accounts that cannot sign in because
#               their email was never confirmed (no-password)
#   HASHES      drop: omits the hashes, for an installation with a pepper
#
# It only reads. Skipped accounts are reported on standard error.

require "digest/sha1"
require "json"
require "time"

class VestibuleExport
  USERNAME = /\A[A-Za-z0-9._-]{3,32}\z/
  UUID = /\A\h{8}-\h{4}-\h{4}-\h{4}-\h{12}\z/
  # The namespace for URLs of RFC 9562.
  URLS = ["6ba7b8119dad11d180b400c04fd430c8"].pack("H*")

  def initialize(model, settings, out, log)
    @model = model
    @settings = settings
    @out = out
    @log = log
    @names = {}
    @unconfirmed = settings.fetch("UNCONFIRMED", "no-password")
    @with_hashes = settings["HASHES"] != "drop"
  end

  # Returns the reason why the hashes cannot be used elsewhere, or nil.
  def obstacle
    return unless @with_hashes

    modules = @model.respond_to?(:devise_modules) ? @model.devise_modules : []
    if modules.include?(:encryptable)
      "the module encryptable does not use plain bcrypt"
    elsif !@model.pepper.to_s.empty?
      "config.pepper is part of every hash"
    end
  end

  def run
    # Emails that differ only in case are one account in Vestibule. The script cannot decide which
    # account owns it, so neither is written.
    owners = @model.all.pluck(:email).map { |email| key(email) }.tally
    written = left_out = 0
    @model.all.find_each do |user|
      reason = reason_to_leave_out(user, owners)
      if reason
        note(user, "left out, because #{reason}")
        left_out += 1
      else
        @out.puts(JSON.generate(account(user)))
        written += 1
      end
    end
    @log.puts("#{written} accounts written, #{left_out} left out")
  end

  private

  def reason_to_leave_out(user, owners)
    if user.email.to_s.strip.empty?
      "it has no email"
    elsif owners[key(user.email)] > 1
      "other accounts share its email #{user.email}"
    elsif unconfirmed?(user) && @unconfirmed == "skip"
      "its email was never confirmed"
    end
  end

  def account(user)
    account = { "email" => user.email.strip }
    if (id = vestibule_id(user.id.to_s))
      account["id"] = id
    end
    if (name = usable_name(user))
      account["username"] = name
    end
    hash = user.encrypted_password.to_s
    confirmed = !unconfirmed?(user) || @unconfirmed == "keep"
    account["password_hash"] = hash if @with_hashes && confirmed && !hash.empty?
    account["is_admin"] = @settings.key?("ADMIN") && user.public_send(@settings["ADMIN"]) == true
    if user.respond_to?(:created_at) && user.created_at
      account["created_at"] = user.created_at.to_time.utc.iso8601(6)
    end
    if @settings.key?("LANGUAGE")
      language = user.public_send(@settings["LANGUAGE"]).to_s
      account["language"] = language if %w[en de ar].include?(language)
    end
    account["is_active"] = active?(user) # last, because it changes the record in memory
    account
  end

  # A locked account is not inactive: Vestibule has its own protection against guessing. So this
  # checks the account as if it were unlocked and confirmed, in memory only.
  def active?(user)
    user.locked_at = nil if user.respond_to?(:locked_at=)
    user.confirmed_at ||= Time.now.utc if user.respond_to?(:confirmed_at=)
    user.active_for_authentication?
  end

  def unconfirmed?(user)
    !user.active_for_authentication? && user.respond_to?(:confirmed?) && !user.confirmed?
  end

  def usable_name(user)
    return unless @settings.key?("USERNAME")

    name = user.public_send(@settings["USERNAME"]).to_s
    return if name.empty?

    if USERNAME.match?(name) && !@names.key?(name.downcase)
      @names[name.downcase] = true
      name
    else
      note(user, "gets a new username, because #{name.inspect} cannot be used")
      nil
    end
  end

  # Returns the id if it is a UUID, otherwise a UUID of version 5 (the same in every run), or nil.
  def vestibule_id(old)
    return old.downcase if UUID.match?(old)
    return unless @settings.key?("IDS_FROM")

    bytes = Digest::SHA1.digest(URLS + "#{@settings['IDS_FROM']}#{old}".b).bytes.first(16)
    bytes[6] = (bytes[6] & 0x0f) | 0x50
    bytes[8] = (bytes[8] & 0x3f) | 0x80
    bytes.pack("C*").unpack("H8H4H4H4H12").join("-")
  end

  def key(email)
    email.to_s.strip.downcase(:fold)
  end

  def note(user, text)
    @log.puts("#{user.id}: #{text}")
  end
end

model = ENV.fetch("MODEL", "User").constantize
if (reason = VestibuleExport.new(model, ENV, nil, $stderr).obstacle)
  abort "#{reason}. HASHES=drop exports the accounts without passwords."
end
# Not standard output: initializers of an application may print there, too.
File.open(ENV.fetch("OUT", "users.jsonl"), File::WRONLY | File::CREAT | File::EXCL, 0o600) do |out|
  VestibuleExport.new(model, ENV, out, $stderr).run
end
