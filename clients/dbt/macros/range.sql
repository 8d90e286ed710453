{# The first day to make: of all days, or of those that are made again. #}
{% macro since() -%}
  {%- if is_incremental() -%}
    greatest(date '{{ var("first_day") }}', date '{{ var("until") }}' - {{ var("again") }})
  {%- else -%}
    date '{{ var("first_day") }}'
  {%- endif -%}
{%- endmacro %}

{% macro until() -%} date '{{ var("until") }}' {%- endmacro %}
