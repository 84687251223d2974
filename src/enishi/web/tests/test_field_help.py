"""The help of a field is text: only what the product itself made as markup stays markup."""

from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.template import engines


class Help(forms.Form):
    plain = forms.CharField(help_text="<b>of a user</b>")
    rules = forms.CharField(help_text=password_validators_help_text_html())
    tick = forms.BooleanField(help_text="<i>of a user</i>")


def test_help_texts_are_escaped_unless_the_product_made_them() -> None:
    template = '<c-field :field="form.plain" /><c-field :field="form.rules" /><c-field :field="form.tick" />'
    from django_cotton.compiler_regex import CottonCompiler

    shown = engines["django"].from_string(CottonCompiler().process(template)).render({"form": Help()})
    assert "&lt;b&gt;of a user" in shown
    assert "&lt;i&gt;of a user" in shown
    assert "<ul><li>" in shown
