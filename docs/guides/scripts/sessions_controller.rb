# frozen_string_literal: true

# Signs users in at Vestibule and keeps Rails' own session.
require "net/http"

class SessionsController < ApplicationController
  def create
    tokens = vestibule("signin", email: params[:email], password: params[:password])
    return redirect_to("/login", alert: "Wrong email or password") unless tokens

    user = User.find_or_create_by!(vestibule_id: tokens["user"]["id"]) do |new_user|
      new_user.email = tokens["user"]["email"]
    end
    reset_session
    session[:user_id] = user.id
    session[:refresh_token] = tokens["refresh_token"]
    session[:until] = tokens["expires_in"].seconds.from_now.to_i
    redirect_to root_path
  end

  private

  def vestibule(path, body)
    answer = Net::HTTP.post(
      URI("#{Rails.configuration.x.vestibule_url}/api/v1/auth/#{path}"), body.to_json,
      "Content-Type" => "application/json", "X-Forwarded-For" => request.remote_ip
    )
    return JSON.parse(answer.body) if answer.is_a?(Net::HTTPSuccess)

    answer.value unless %w[401 403 422].include?(answer.code)
    nil
  end
end
